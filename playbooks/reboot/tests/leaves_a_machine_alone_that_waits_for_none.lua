return {
  ops = {
    { op = "host.uptime", result = { boot = "one", kernel = "6.1.0-30", since = 1, uptime_ms = 86400000, reboot_required = false, reboot_for = {} } },
    { op = "user.sessions", result = { sessions = {}, left_out = 0 } },
    { op = "package.restarts", result = { units = {}, kernel_waits = false, newest_kernel = "6.1.0-31-amd64" } },
  },
  fault  = { look = "waits for no reboot" },
  expect = { look = "failed", drain = "not run", reboot = "not run", back = "not run", rejoin = "not run", page = "not run" },
}
