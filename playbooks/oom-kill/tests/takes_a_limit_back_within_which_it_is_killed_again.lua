return {
  inputs = { service = "app", unit = "app.service", memory = 67108864 },
  ops = {
    { op = "host.oom",       result = { kills = 4, cgroups = { { path = "/system.slice/app.service", kills = 4 } } } },
    { op = "host.memory",    result = { used_percent = 40 } },
    { op = "service.status", args = { service = "app" }, result = { running = false, pid = 0 } },
    { op = "unit.status",    args = { unit = "app.service" }, result = { unit = "app.service", active = "failed", result = "oom-kill", memory_max_bytes = 268435456, cpu_max_percent = 150 } },
    { op = "unit.limit",     args = { unit = "app.service", memory_bytes = 67108864, cpu_percent = 150 }, result = { unit = "app.service", memory_bytes = 67108864, cpu_percent = 150 } },
    { op = "unit.status",    args = { unit = "app.service" }, result = { unit = "app.service", active = "failed", memory_max_bytes = 67108864, cpu_max_percent = 150 } },
    { op = "service.start",  args = { service = "app" }, result = { service = "app", running = true, pid = 9 } },
    { op = "host.cpu",       args = { seconds = 20 }, result = { busy_percent = 10 } },
    { op = "host.cpu",       args = { seconds = 20 }, result = { busy_percent = 10 } },
    { op = "host.cpu",       args = { seconds = 20 }, result = { busy_percent = 10 } },
    { op = "host.oom",       result = { kills = 5 } },
    { op = "unit.limit",     args = { unit = "app.service", memory_bytes = 268435456, cpu_percent = 150 }, result = { unit = "app.service", memory_bytes = 268435456, cpu_percent = 150 } },
  },
  expect = { look = "ok", page = "skipped", before = "ok", limit = "undone", start = "failed" },
  fault  = { start = "1 more were killed since" },
}
