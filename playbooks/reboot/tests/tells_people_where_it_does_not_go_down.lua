local ops = {
    { op = "host.uptime", result = { boot = "one", kernel = "6.1.0-30", since = 1, uptime_ms = 86400000, reboot_required = true, reboot_for = {} } },
    { op = "user.sessions", result = { sessions = {}, left_out = 0 } },
    { op = "host.uptime", result = { boot = "one", kernel = "6.1.0-30", since = 1, uptime_ms = 86400000, reboot_required = true, reboot_for = {} } },
    { op = "host.reboot", args = { seconds = 60, despite_sessions = false }, result = { boot = "one", at = 1764000000000, by = "systemd", sessions = 0 } },
}
for index = 1, 66 do
  ops[4 + 2 * index - 1] = { op = "host.uptime", result = { boot = "one", kernel = "6.1.0-30", since = 1, uptime_ms = 86400000, reboot_required = true, reboot_for = {} } }
  ops[4 + 2 * index] = { op = "host.cpu", result = { busy_percent = 3 } }
end
return {
  inputs = { seconds = 60 },
  ops    = ops,
  expect = { look = "ok", drain = "skipped", reboot = "ok", back = "failed", rejoin = "not run", page = "ok" },
  fault  = { back = "did not" },
  notified = { page = "rehearsal was told to reboot, and it is not seen that it did well: look at its console" },
}
