return {
  inputs = { service = "app" },
  ops = {
    { op = "host.oom",       result = { kills = 4, cgroups = { { path = "/system.slice/app.service", kills = 4 } } } },
    { op = "host.memory",    result = { used_percent = 96 } },
    { op = "service.status", args = { service = "app" }, result = { running = false, pid = 0 } },
  },
  expect   = { look = "ok", page = "ok", before = "skipped", limit = "skipped", start = "skipped" },
  notified = { page = "the kernel killed app on rehearsal, and 96 % of memory is used: make room, then start it" },
}
