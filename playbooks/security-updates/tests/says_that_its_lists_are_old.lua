return {
  ops = {
    { op = "package.updates", args = { security = true }, result = { listed = 1000, updates = {  } } },
    { op = "host.uptime",     result = { since = 0, uptime_ms = 300000000, reboot_required = false } },
    { op = "package.restarts", fault = { "policy", "the policy does not allow package.restarts" } },
  },
  expect   = { look = "ok", page = "ok" },
  notified = { page = "rehearsal: its package lists are over three days old" },
}
