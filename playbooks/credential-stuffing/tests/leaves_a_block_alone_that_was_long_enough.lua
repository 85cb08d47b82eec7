return {
  inputs = { source = "192.0.2.7", user = "ana", users = 1 },
  ops = {
    { op = "host.uptime",   result = { since = 1000000, uptime_ms = 9000000 } },
    { op = "user.failures", args = { newer_than = 6400000, count = 100, from = "192.0.2.7" },
      result = { total = 12, left_out = 0, failures = { { user = "ana", from = "192.0.2.7", count = 9 }, { user = "hoa", from = "192.0.2.7", count = 3 } } } },
    { op = "user.list",       result = { users = { { name = "root", password = "locked" }, { name = "ana", password = "locked" } } } },
    { op = "user.lockouts", args = { user = "ana" }, result = { users = {}, sources = {} } },
    { op = "firewall.view",  args = { source = "192.0.2.7" }, result = { blocked = true, expires_s = 1200 } },
    { op = "firewall.view",  result = { blocked = true, expires_s = 3605 } },
    { op = "firewall.view",   result = { blocked = true, expires_s = 3600 } },
    { op = "user.unlock",     args = { user = "ana" }, result = { user = "ana", locked = false, changed = true } },
    { op = "user.list",       result = { users = { { name = "root", password = "locked" }, { name = "ana", password = "locked" } } } },
    { op = "user.lock",       args = { user = "ana" }, result = { user = "ana", locked = true } },
  },
  expect = { look = "ok", block = "undone", unlock = "undone", reset = "not run" },
}
