return {
  ops = {
    { op = "unit.status", args = { unit = "cron.service" }, result = { unit = "cron.service", active = "inactive", state = "disabled" } },
    { op = "cron.list", result = { jobs = { { file = "/etc/crontab", line = 3 } }, left_out = 0 } },
  },
  expect = { look = "failed", start = "not run" },
  fault  = { look = "cron.service is disabled: somebody turned it off" },
}
