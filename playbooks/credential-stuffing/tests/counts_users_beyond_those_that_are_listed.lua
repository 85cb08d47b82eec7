-- One guess for each of many users, of which no more than a hundred are listed.
local failures = {}
for index = 1, 100 do
  failures[index] = { user = "user" .. index, from = "192.0.2.7", count = 1 }
end
return {
  inputs = { source = "192.0.2.7", user = "ana", users = 100 },
  ops = {
    { op = "host.uptime",   result = { since = 5000000, uptime_ms = 5000000 } },
    { op = "user.failures", args = { newer_than = 6400000, count = 100, from = "192.0.2.7" },
      result = { total = 130, left_out = 30, failures = failures } },
    { op = "user.list",     result = { users = { { name = "ana", password = "set" } } } },
    { op = "user.lockouts", args = { user = "ana" }, result = { users = {}, sources = {} } },
    { op = "firewall.view", args = { source = "192.0.2.7" }, result = { blocked = false, expires_s = 0 } },
    { op = "firewall.view",  result = { blocked = false, expires_s = 0 } },
    { op = "firewall.block", args = { source = "192.0.2.7", seconds = 3600 }, result = { source = "192.0.2.7", blocked = true, ["until"] = 1 } },
    { op = "firewall.view", args = { source = "192.0.2.7" }, result = { blocked = true, expires_s = 3600 } },
  },
  expect = { look = "ok", block = "ok", unlock = "skipped", reset = "skipped" },
  output = { look = { users = 130, failures = 130, locked = false, locked_out = false, blocked_s = 0 } },
}
