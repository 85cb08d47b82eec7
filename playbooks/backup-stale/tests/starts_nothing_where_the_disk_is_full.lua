return {
  inputs = { folder = "/srv/backup", unit = "backup.service" },
  ops = {
    { op = "host.uptime", result = { since = 0, uptime_ms = 360000000 } },
    { op = "file.find", args = { path = "/srv/backup", kind = "file", min_bytes = 1, count = 1, newer_than = 266400000 }, result = { files = {  } } },
    { op = "disk.usage", result = { used_percent = 99 } },
    { op = "unit.status", args = { unit = "backup.service" }, result = { unit = "backup.service", active = "failed" } },
  },
  expect = { look = "failed", start = "not run", see = "not run", page = "not run" },
  fault  = { look = "make room first" },
}
