return {
  inputs = { service = "app", unit = "db.service", memory = 67108864 },
  ops = {
    { op = "host.oom",       result = { kills = 4, cgroups = { { path = "/system.slice/app.service", kills = 4 } } } },
    { op = "host.memory",    result = { used_percent = 40 } },
    { op = "service.status", args = { service = "app" }, result = { running = false, pid = 0 } },
    { op = "unit.status",    args = { unit = "db.service" }, result = { unit = "db.service", active = "active", result = "oom-kill", memory_max_bytes = 268435456 } },
  },
  expect = { look = "ok", page = "skipped", before = "failed", limit = "not run", start = "not run" },
  fault  = { before = "db.service is active and its last end was 'oom-kill': it is not the unit of app" },
}
