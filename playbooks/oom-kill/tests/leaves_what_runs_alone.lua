return {
  inputs = { service = "app" },
  ops = {
    { op = "host.oom",       result = { kills = 4, cgroups = { { path = "/system.slice/app.service", kills = 4 } } } },
    { op = "host.memory",    result = { used_percent = 96 } },
    { op = "service.status", args = { service = "app" }, result = { running = true, pid = 0 } },
  },
  expect = { look = "ok", page = "skipped", before = "skipped", limit = "skipped", start = "skipped" },
}
