return {
  ops = {
    { op = "host.uptime", result = { kernel = "6.1.0-30", uptime_ms = 864000000, reboot_required = true, reboot_for = { "linux-image-6.1.0-31-amd64" } } },
    { op = "user.sessions", result = { sessions = { { user = "ana" } } } },
    { op = "package.restarts", fault = { "policy", "the policy does not allow package.restarts" } },
  },
  all = { look = { ["db-1"] = { required = false, packages = {}, kernel = "6.1.0-31", days = 2, sessions = 0 } } },
  chaos  = true,
  expect = { look = "ok", page = "ok" },
  notified = { page = "a reboot is due: rehearsal (up 10 days, 1 sessions, for linux-image-6.1.0-31-amd64); kernels that run: 6.1.0-30 on 1, 6.1.0-31 on 1" },
}
