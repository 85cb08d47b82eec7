-- A machine that keeps its journal to itself blocks all the same.
return {
  inputs = { source = "192.0.2.7" },
  ops = {
    { op = "host.uptime",   result = { since = 1000000, uptime_ms = 9000000 } },
    { op = "user.failures", args = { newer_than = 6400000, count = 100, from = "192.0.2.7" },
      result = { total = 12, left_out = 0, failures = { { user = "root", from = "192.0.2.7", count = 9 }, { user = "ana", from = "192.0.2.7", count = 3 } } } },
    { op = "user.sessions",  result = { sessions = { { user = "ana", from = "192.0.2.9" } } } },
    { op = "firewall.view",  args = { source = "192.0.2.7" }, result = { blocked = false, expires_s = 0 } },
    { op = "journal.query",  fault = { "policy", "the policy does not allow journal.query" } },
    { op = "firewall.view",  result = { blocked = false, expires_s = 0 } },
    { op = "firewall.block", args = { source = "192.0.2.7", seconds = 3600 }, result = { source = "192.0.2.7", blocked = true } },
    { op = "firewall.view",  result = { blocked = true, expires_s = 3600 } },
  },
  expect = { look = "ok", block = "ok", page = "skipped" },
  output = { look = { failures = 12, inside = {}, accepted = {}, blocked_s = 0 } },
}
