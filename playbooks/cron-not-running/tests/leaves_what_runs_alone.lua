return {
  ops = {
    { op = "unit.status", args = { unit = "cron.service" }, result = { unit = "cron.service", active = "active", state = "enabled" } },
    { op = "cron.list", result = { jobs = { { file = "/etc/crontab", line = 3 } }, left_out = 0 } },
  },
  expect = { look = "ok", start = "skipped" },
}
