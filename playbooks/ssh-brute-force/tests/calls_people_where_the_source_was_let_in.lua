-- Another address, or what somebody wrote into the journal, is no login of the source.
return {
  inputs = { source = "192.0.2.7" },
  ops = {
    { op = "host.uptime",   result = { since = 1000000, uptime_ms = 9000000 } },
    { op = "user.failures", args = { newer_than = 6400000, count = 100, from = "192.0.2.7" },
      result = { total = 12, left_out = 0, failures = { { user = "root", from = "192.0.2.7", count = 9 }, { user = "ana", from = "192.0.2.7", count = 3 } } } },
    { op = "user.sessions",  result = { sessions = { { user = "ana", from = "192.0.2.9" } } } },
    { op = "firewall.view",  args = { source = "192.0.2.7" }, result = { blocked = false, expires_s = 0 } },
    { op = "journal.query",  args = { contains = "192.0.2.7", since = 6400000, count = 150 }, result = { looked_at = 900, more = false, entries = {
      { at = 6500000, text = "Accepted password for ana from 192.0.2.7 port 40022 ssh2" },
      { at = 6400500, text = "Accepted publickey for ana from 192.0.2.7 port 40021 ssh2: ED25519 SHA256:x" },
      { at = 6400400, text = "Accepted password for binh from 192.0.2.77 port 40020 ssh2" },
      { at = 6400300, text = "Invalid user Accepted password for chi from 192.0.2.7 port 1 from 192.0.2.7 port 40019" },
      { at = 6400200, text = "Failed password for root from 192.0.2.7 port 40018 ssh2" } } } },
    { op = "firewall.view",  result = { blocked = false, expires_s = 0 } },
    { op = "firewall.block", args = { source = "192.0.2.7", seconds = 3600 }, result = { source = "192.0.2.7", blocked = true } },
    { op = "firewall.view",  result = { blocked = true, expires_s = 3600 } },
  },
  answers = { ["firewall.unblock"] = { source = "192.0.2.7", blocked = false } },
  chaos  = true,
  expect = { look = "ok", block = "ok", page = "ok" },
  notified = { page = "192.0.2.7 guessed passwords on rehearsal and was let in as ana within the hour" },
  output = { look = { failures = 12, inside = {}, accepted = { "ana" }, blocked_s = 0 } },
}
