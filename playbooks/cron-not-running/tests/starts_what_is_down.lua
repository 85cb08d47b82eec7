return {
  ops = {
    { op = "unit.status", args = { unit = "cron.service" }, result = { unit = "cron.service", active = "failed", state = "enabled" } },
    { op = "cron.list", result = { jobs = { { file = "/etc/crontab", line = 3 } }, left_out = 0 } },
    { op = "unit.start", args = { unit = "cron.service" }, result = { active = "active" } },
    { op = "unit.status", args = { unit = "cron.service" }, result = { unit = "cron.service", active = "active", state = "enabled" } },
    { op = "host.cpu", args = { seconds = 10 }, result = { busy_percent = 3 } },
    { op = "unit.status", args = { unit = "cron.service" }, result = { unit = "cron.service", active = "active", state = "enabled" } },
    { op = "host.cpu", args = { seconds = 10 }, result = { busy_percent = 3 } },
    { op = "unit.status", args = { unit = "cron.service" }, result = { unit = "cron.service", active = "active", state = "enabled" } },
  },
  answers = { ["unit.stop"] = { active = "inactive" } },
  chaos  = true,
  expect = { look = "ok", start = "ok" },
}
