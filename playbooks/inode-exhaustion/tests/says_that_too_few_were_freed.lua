return {
  inputs = { mount = "/var", folder = "/var/lib/php/sessions" },
  ops = {
    { op = "disk.inodes", args = { path = "/var", count = 20 }, result = { used_percent = 97.5, folders = { { path = "/var/lib/php/sessions", entries = 90000 }, { path = "/var/cache", entries = 300 } } } },
    { op = "site.run", args = { command = "clear-aged-files" }, result = { command = "clear-aged-files", status = 0, output = "" } },
    { op = "disk.inodes", result = { used_percent = 96 } },
  },
  expect = { look = "ok", page = "skipped", clear = "failed" },
  fault  = { clear = "96 % of the inodes are in use still" },
}
