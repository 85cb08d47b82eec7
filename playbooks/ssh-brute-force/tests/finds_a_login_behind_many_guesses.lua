-- Whoever was let in and guesses on leaves so many entries that the login is not among the last.
local function guesses(at)
  local entries = {}
  for index = 1, 150 do
    entries[index] = { at = at - index, text = "Failed password for root from 192.0.2.7 port 40018 ssh2" }
  end
  return entries
end

return {
  inputs = { source = "192.0.2.7" },
  ops = {
    { op = "host.uptime",   result = { since = 1000000, uptime_ms = 9000000 } },
    { op = "user.failures", args = { newer_than = 6400000, count = 100, from = "192.0.2.7" },
      result = { total = 12, left_out = 0, failures = { { user = "root", from = "192.0.2.7", count = 9 }, { user = "ana", from = "192.0.2.7", count = 3 } } } },
    { op = "user.sessions",  result = { sessions = { { user = "ana", from = "192.0.2.9" } } } },
    { op = "firewall.view",  args = { source = "192.0.2.7" }, result = { blocked = false, expires_s = 0 } },
    { op = "journal.query",  args = { contains = "192.0.2.7", since = 6400000, count = 150 }, result = { looked_at = 900, more = true, entries = guesses(9000000) } },
    { op = "journal.query",  args = { contains = "192.0.2.7", since = 6400000, ["until"] = 8999850, count = 150 }, result = { looked_at = 90, more = false, entries = {
      { at = 6500000, text = "Accepted password for ana from 192.0.2.7 port 40022 ssh2" } } } },
    { op = "firewall.view",  result = { blocked = false, expires_s = 0 } },
    { op = "firewall.block", args = { source = "192.0.2.7", seconds = 3600 }, result = { source = "192.0.2.7", blocked = true } },
    { op = "firewall.view",  result = { blocked = true, expires_s = 3600 } },
  },
  expect = { look = "ok", block = "ok", page = "ok" },
  notified = { page = "192.0.2.7 guessed passwords on rehearsal and was let in as ana within the hour" },
  output = { look = { failures = 12, inside = {}, accepted = { "ana" }, blocked_s = 0 } },
}
