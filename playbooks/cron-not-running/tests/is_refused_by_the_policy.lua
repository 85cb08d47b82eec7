return {
  ops = {
    { op = "unit.status", args = { unit = "cron.service" }, result = { unit = "cron.service", active = "failed", state = "enabled" } },
    { op = "cron.list", result = { jobs = { { file = "/etc/crontab", line = 3 } }, left_out = 0 } },
    { op = "unit.start", fault = { "policy", "the policy does not allow unit.start unit=cron.service" } },
  },
  expect = { look = "ok", start = "failed" },
  fault  = { start = "does not allow" },
}
