return {
  ops = {
    { op = "host.uptime", result = { boot = "one", kernel = "6.1.0-30", since = 1, uptime_ms = 86400000, reboot_required = true, reboot_for = {} } },
    { op = "user.sessions", result = { sessions = { { user = "ana" } }, left_out = 0 } },
  },
  fault  = { look = "1 sessions are open" },
  expect = { look = "failed", drain = "not run", reboot = "not run", back = "not run", rejoin = "not run", page = "not run" },
}
