return {
  inputs = { folder = "/srv/backup", unit = "backup.service" },
  ops = {
    { op = "host.uptime", result = { since = 0, uptime_ms = 360000000 } },
    { op = "file.find", args = { path = "/srv/backup", kind = "file", min_bytes = 1, count = 1, newer_than = 266400000 }, result = { files = { { path = "/srv/backup/half.tar", bytes = 9 } } } },
    { op = "disk.usage", args = { path = "/srv/backup" }, result = { used_percent = 40 } },
    { op = "unit.status", args = { unit = "backup.service" }, result = { unit = "backup.service", active = "failed", result = "exit-code", exit_status = 2 } },
    { op = "unit.reset_failed", args = { unit = "backup.service" }, result = { active = "inactive" } },
    { op = "unit.start", args = { unit = "backup.service" }, result = { active = "inactive" } },
    { op = "unit.status", args = { unit = "backup.service" }, result = { unit = "backup.service", active = "inactive" } },
    { op = "file.find", args = { path = "/srv/backup", kind = "file", min_bytes = 1, count = 1, newer_than = 360000000 }, result = { files = { { path = "/srv/backup/whole.tar", bytes = 99 } } } },
    { op = "unit.status", args = { unit = "backup.service" }, result = { unit = "backup.service", active = "inactive" } },
  },
  expect = { look = "ok", start = "ok", see = "ok", page = "not run" },
  output = { see = { file = { path = "/srv/backup/whole.tar", bytes = 99 }, active = "inactive" } },
}
