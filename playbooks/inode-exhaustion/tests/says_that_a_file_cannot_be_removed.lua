return {
  inputs = { mount = "/var", folder = "/var/lib/php/sessions" },
  ops = {
    { op = "disk.inodes", args = { path = "/var", count = 20 }, result = { used_percent = 97.5, folders = { { path = "/var/lib/php/sessions", entries = 90000 }, { path = "/var/cache", entries = 300 } } } },
    { op = "file.remove_aged", result = { files = 100000, freed_bytes = 0, more = true } },
    { op = "file.remove_aged", fault = { "io", "'sess_1' in '/var/lib/php/sessions' cannot be removed: Input/output error" } },
  },
  expect = { look = "ok", page = "skipped", clear = "failed" },
  fault  = { clear = "Input/output error" },
}
