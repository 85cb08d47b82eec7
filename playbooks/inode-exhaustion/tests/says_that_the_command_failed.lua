return {
  inputs = { mount = "/var", folder = "/var/lib/php/sessions" },
  ops = {
    { op = "disk.inodes", args = { path = "/var", count = 20 }, result = { used_percent = 97.5, folders = { { path = "/var/lib/php/sessions", entries = 90000 }, { path = "/var/cache", entries = 300 } } } },
    { op = "site.run", result = { command = "clear-aged-files", status = 1, output = "find: permission denied" } },
  },
  expect = { look = "ok", page = "skipped", clear = "failed" },
  fault  = { clear = "clear-aged-files ended with 1: find: permission denied" },
}
