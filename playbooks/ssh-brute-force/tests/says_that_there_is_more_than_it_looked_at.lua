-- More than is looked at is said to be there.
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
    { op = "journal.query",  result = { looked_at = 900, more = true, entries = guesses(9000000) } },
    { op = "journal.query",  result = { looked_at = 900, more = true, entries = guesses(8999850) } },
    { op = "journal.query",  result = { looked_at = 900, more = true, entries = guesses(8999700) } },
    { op = "journal.query",  result = { looked_at = 900, more = true, entries = guesses(8999550) } },
    { op = "journal.query",  result = { looked_at = 900, more = true, entries = guesses(8999400) } },
    { op = "journal.query",  result = { looked_at = 900, more = true, entries = guesses(8999250) } },
    { op = "journal.query",  result = { looked_at = 900, more = true, entries = guesses(8999100) } },
    { op = "journal.query",  result = { looked_at = 900, more = true, entries = guesses(8998950) } },
    { op = "journal.query",  result = { looked_at = 900, more = true, entries = guesses(8998800) } },
    { op = "journal.query",  result = { looked_at = 900, more = true, entries = guesses(8998650) } },
    { op = "firewall.view",  result = { blocked = false, expires_s = 0 } },
    { op = "firewall.block", args = { source = "192.0.2.7", seconds = 3600 }, result = { source = "192.0.2.7", blocked = true } },
    { op = "firewall.view",  result = { blocked = true, expires_s = 3600 } },
  },
  expect = { look = "ok", block = "ok", page = "skipped" },
  said   = { "the journal has more of the hour than was looked at: the source may have been let in before" },
  output = { look = { failures = 12, inside = {}, accepted = {}, blocked_s = 0 } },
}
