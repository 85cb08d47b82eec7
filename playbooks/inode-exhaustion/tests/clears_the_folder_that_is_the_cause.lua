return {
  inputs = { mount = "/var", folder = "/var/lib/php/sessions" },
  ops = {
    { op = "disk.inodes", args = { path = "/var", count = 20 }, result = { used_percent = 97.5, folders = { { path = "/var/lib/php/sessions", entries = 90000 }, { path = "/var/cache", entries = 300 } } } },
    { op = "site.run", args = { command = "clear-aged-files" }, result = { command = "clear-aged-files", status = 0, output = "" } },
    { op = "disk.inodes", args = { path = "/var", count = 0 }, result = { used_percent = 12.5 } },
  },
  chaos  = true,
  expect = { look = "ok", page = "skipped", clear = "ok" },
  output = { clear = { command = "clear-aged-files", status = 0, output = "" } },
}
