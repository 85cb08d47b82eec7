return {
  ops = {
    { op = "host.uptime", result = { kernel = "6.1.0-30", uptime_ms = 864000000, reboot_required = false, reboot_for = {  } } },
    { op = "user.sessions", result = { sessions = { { user = "ana" } } } },
    { op = "package.restarts", result = { units = {}, kernel_waits = false } },
  },
  expect = { look = "ok", page = "ok" },
  notified = { page = "no reboot is due; kernels that run: 6.1.0-30 on 1" },
}
