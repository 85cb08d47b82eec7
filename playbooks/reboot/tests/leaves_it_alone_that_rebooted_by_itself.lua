return {
  inputs = { drain = "out", rejoin = "in" },
  ops = {
    { op = "host.uptime", result = { boot = "one", kernel = "6.1.0-30", since = 1, uptime_ms = 86400000, reboot_required = true, reboot_for = {} } },
    { op = "user.sessions", result = { sessions = {}, left_out = 0 } },
    { op = "site.run", args = { command = "out" }, result = { command = "out", status = 0 } },
    { op = "host.uptime", result = { boot = "two", kernel = "6.1.0-30", since = 1, uptime_ms = 86400000, reboot_required = true, reboot_for = {} } },
    { op = "site.run", args = { command = "in" }, result = { command = "in", status = 0 } },
  },
  fault  = { reboot = "it rebooted by itself meanwhile" },
  expect = { look = "ok", drain = "undone", reboot = "failed", back = "not run", rejoin = "not run", page = "not run" },
}
