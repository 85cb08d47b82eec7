return {
  inputs = { source = "192.0.2.7" },
  ops = {
    { op = "host.uptime",      result = { since = 0, uptime_ms = 9000000 } },
    { op = "user.failures", args = { newer_than = 5400000, count = 100, from = "192.0.2.7" },
      result = { total = 80, left_out = 0, failures = { { user = "root", from = "192.0.2.7", count = 80 } } } },
    { op = "user.sessions",    result = { sessions = {} } },
    { op = "firewall.view",  args = { source = "192.0.2.7" }, result = { blocked = false, expires_s = 0 } },
    { op = "journal.query",  result = { entries = {}, looked_at = 900, more = false } },
    { op = "firewall.view",  result = { blocked = false, expires_s = 0 } },
    { op = "firewall.block",   result = { source = "192.0.2.7", blocked = true } },
    { op = "firewall.view",    result = { blocked = false, expires_s = 0 } },
    { op = "firewall.view",  result = { blocked = false, expires_s = 0 } },
    { op = "firewall.unblock", args = { source = "192.0.2.7" }, result = { source = "192.0.2.7", blocked = false } },
  },
  expect = { look = "ok", block = "undone", page = "skipped" },
}
