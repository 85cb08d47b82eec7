return {
  inputs = { source = "192.0.2.7" },
  ops = {
    { op = "host.uptime",    result = { since = 0, uptime_ms = 9000000 } },
    { op = "user.failures",  result = { failures = { { user = "root", from = "192.0.2.7", count = 80 } } } },
    { op = "user.sessions",  result = { sessions = {} } },
    { op = "firewall.view",  result = { blocked = true, expires_s = 20 } },
    { op = "journal.query",  result = { entries = {}, looked_at = 900, more = false } },
    { op = "firewall.block", result = { source = "192.0.2.7", blocked = true } },
    { op = "firewall.view",  fault = { "timeout", "nft does not answer" } },
  },
  expect = { look = "ok", block = "undone", page = "skipped" },
}
