return {
  inputs = { folder = "/srv/backup", unit = "backup.service" },
  ops = {
    { op = "host.uptime", result = { since = 0, uptime_ms = 360000000 } },
    { op = "file.find", args = { path = "/srv/backup", kind = "file", min_bytes = 1, count = 1, newer_than = 266400000 }, result = { files = { { path = "/srv/backup/a.tar", bytes = 9 } } } },
    { op = "disk.usage", args = { path = "/srv/backup" }, result = { used_percent = 40 } },
    { op = "unit.status", args = { unit = "backup.service" }, result = { unit = "backup.service", active = "inactive" } },
  },
  chaos  = true,
  expect = { look = "ok", start = "skipped", see = "skipped", page = "not run" },
}
