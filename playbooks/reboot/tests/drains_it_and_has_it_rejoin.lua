return {
  inputs = { drain = "out", rejoin = "in" },
  ops = {
    { op = "host.uptime", result = { boot = "one", kernel = "6.1.0-30", since = 1, uptime_ms = 86400000, reboot_required = true, reboot_for = {} } },
    { op = "user.sessions", result = { sessions = {}, left_out = 0 } },
    { op = "site.run", args = { command = "out" }, result = { command = "out", status = 0 } },
    { op = "host.uptime", result = { boot = "one", kernel = "6.1.0-30", since = 1, uptime_ms = 86400000, reboot_required = true, reboot_for = {} } },
    { op = "host.reboot", args = { seconds = 20, despite_sessions = false }, result = { boot = "one", at = 1764000000000, by = "systemd", sessions = 0 } },
    { op = "host.uptime", result = { boot = "two", kernel = "6.1.0-31", since = 1, uptime_ms = 86400000, reboot_required = false, reboot_for = {} } },
    { op = "package.restarts", result = { units = {}, kernel_waits = false, newest_kernel = "6.1.0-31-amd64" } },
    { op = "site.run", args = { command = "in" }, result = { command = "in", status = 0 } },
  },
  expect = { look = "ok", drain = "ok", reboot = "ok", back = "ok", rejoin = "ok", page = "not run" },
}
