return {
  inputs = { mount = "/var", folder = "/var/lib/php/sessions" },
  ops = {
    { op = "disk.inodes", args = { path = "/var", count = 20 }, result = { used_percent = 97.5, folders = { { path = "/var/lib/php/sessions", entries = 90000 }, { path = "/var/cache", entries = 300 } } } },
    { op = "file.remove_aged", result = { files = 12, freed_bytes = 49152, more = false } },
    { op = "disk.inodes", result = { used_percent = 96 } },
  },
  expect = { look = "ok", page = "skipped", clear = "failed" },
  fault  = { clear = "96 % of the inodes are in use still" },
}
