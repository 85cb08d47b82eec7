return {
  inputs = { service = "app" },
  ops = {
    { op = "host.oom",       result = { kills = 4, cgroups = { { path = "/system.slice/app.service", kills = 4 } } } },
    { op = "host.memory",    result = { used_percent = 40 } },
    { op = "service.status", args = { service = "app" }, result = { running = false, pid = 0 } },
    { op = "service.start",  args = { service = "app" }, result = { service = "app", running = true, pid = 9 } },
    { op = "host.cpu",       args = { seconds = 20 }, result = { busy_percent = 10 } },
    { op = "host.cpu",       args = { seconds = 20 }, result = { busy_percent = 10 } },
    { op = "host.cpu",       args = { seconds = 20 }, result = { busy_percent = 10 } },
    { op = "host.oom",       result = { kills = 5 } },
  },
  expect = { look = "ok", page = "skipped", before = "skipped", limit = "skipped", start = "failed" },
  fault  = { start = "1 more were killed since" },
}
