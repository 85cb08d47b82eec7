return {
  ops = {
    { op = "host.uptime", result = { kernel = "6.1.0-30", uptime_ms = 864000000, reboot_required = false, reboot_for = {  } } },
    { op = "user.sessions", result = { sessions = { { user = "ana" } } } },
    { op = "package.restarts", result = { units = {}, kernel_waits = true, newest_kernel = "6.1.0-31-amd64" } },
  },
  expect = { look = "ok", page = "ok" },
  notified = { page = "a reboot is due: rehearsal (up 10 days, 1 sessions, for kernel 6.1.0-31-amd64); kernels that run: 6.1.0-30 on 1" },
}
