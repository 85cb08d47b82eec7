return {
  inputs = { source = "192.0.2.7" },
  ops = {
    { op = "host.uptime",    result = { since = 0, uptime_ms = 9000000 } },
    { op = "user.failures", args = { newer_than = 5400000, count = 100, from = "192.0.2.7" },
      result = { total = 80, left_out = 0, failures = { { user = "root", from = "192.0.2.7", count = 80 } } } },
    { op = "user.sessions",  result = { sessions = {} } },
    { op = "firewall.view",  result = { blocked = true, expires_s = 1200 } },
    { op = "journal.query",  result = { entries = {}, looked_at = 900, more = false } },
    { op = "firewall.view",  result = { blocked = true, expires_s = 1200 } },
    { op = "firewall.block", result = { source = "192.0.2.7", blocked = true } },
    { op = "firewall.view",  fault = { "timeout", "nft does not answer" } },
    { op = "firewall.view",  result = { blocked = true, expires_s = 3590 } },
    { op = "firewall.block", args = { source = "192.0.2.7", seconds = 1190 }, result = { source = "192.0.2.7", blocked = true } },
  },
  expect = { look = "ok", block = "undone", page = "skipped" },
}
