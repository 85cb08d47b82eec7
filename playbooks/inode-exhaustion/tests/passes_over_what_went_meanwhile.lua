return {
  inputs = { mount = "/var", folder = "/var/lib/php/sessions" },
  ops = {
    { op = "disk.inodes", args = { path = "/var", count = 20 }, result = { used_percent = 97.5, folders = { { path = "/var/lib/php/sessions", entries = 90000 }, { path = "/var/cache", entries = 300 }, { path = "/var/lib/php/sessions/a", entries = 20 }, { path = "/var/lib/php/sessions/b", entries = 9 } } } },
    { op = "file.remove_aged", args = { path = "/var/lib/php/sessions", age_s = 86400, count = 100000 }, result = { files = 100000, freed_bytes = 409600000, more = true } },
    { op = "file.remove_aged", args = { path = "/var/lib/php/sessions", age_s = 86400, count = 100000 }, result = { files = 7, freed_bytes = 28672, more = false } },
    { op = "file.remove_aged", args = { path = "/var/lib/php/sessions/a", age_s = 86400, count = 100000 }, fault = { "not-found", "there is no '/var/lib/php/sessions/a'" } },
    { op = "file.remove_aged", args = { path = "/var/lib/php/sessions/b", age_s = 86400, count = 100000 }, result = { files = 0, freed_bytes = 0, more = true } },
    { op = "disk.inodes", args = { path = "/var", count = 0 }, result = { used_percent = 12.5 } },
  },
  expect = { look = "ok", page = "skipped", clear = "ok" },
  output = { clear = { files = 100007, freed_bytes = 409628672 } },
}
