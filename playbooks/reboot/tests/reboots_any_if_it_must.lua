return {
  inputs = { machines = "any", sessions = "end" },
  ops = {
    { op = "host.uptime", result = { boot = "one", kernel = "6.1.0-30", since = 1, uptime_ms = 86400000, reboot_required = false, reboot_for = {} } },
    { op = "user.sessions", result = { sessions = { { user = "ana" } }, left_out = 0 } },
    { op = "package.restarts", result = { units = {}, kernel_waits = true, newest_kernel = "6.1.0-31-amd64" } },
    { op = "host.uptime", result = { boot = "one", kernel = "6.1.0-30", since = 1, uptime_ms = 86400000, reboot_required = false, reboot_for = {} } },
    { op = "host.reboot", args = { seconds = 20, despite_sessions = true }, result = { boot = "one", at = 1764000000000, by = "shutdown", sessions = 1 } },
    { op = "host.uptime", result = { boot = "two", kernel = "6.1.0-30", since = 1, uptime_ms = 86400000, reboot_required = false, reboot_for = {} } },
    { op = "package.restarts", result = { units = {}, kernel_waits = true, newest_kernel = "6.1.0-31-amd64" } },
  },
  expect = { look = "ok", drain = "skipped", reboot = "ok", back = "ok", rejoin = "skipped", page = "not run" },
}
