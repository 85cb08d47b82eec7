-- Who is locked and was not attacked stays locked.
return {
  inputs = { source = "192.0.2.7", user = "ana", users = 1 },
  ops = {
    { op = "host.uptime",   result = { since = 1000000, uptime_ms = 9000000 } },
    { op = "user.failures", args = { newer_than = 6400000, count = 100, from = "192.0.2.7" },
      result = { total = 9, left_out = 0, failures = { { user = "ana", from = "192.0.2.7", count = 9 } } } },
    { op = "user.list",       result = { users = { { name = "root", password = "locked" }, { name = "ana", password = "locked" } } } },
    { op = "user.lockouts", args = { user = "ana" }, result = { users = {}, sources = {} } },
    { op = "firewall.view",  args = { source = "192.0.2.7" }, result = { blocked = false, expires_s = 0 } },
  },
  expect = { look = "ok", block = "skipped", unlock = "skipped", reset = "skipped" },
}
