return {
  inputs = { service = "app" },
  ops = {
    { op = "host.oom",       result = { kills = 4, cgroups = { { path = "/system.slice/app.service", kills = 4 } } } },
    { op = "host.memory",    result = { used_percent = 40 } },
    { op = "service.status", args = { service = "app" }, result = { running = false, pid = 0 } },
    { op = "service.start",  fault = { "policy", "the policy does not allow service.start" } },
  },
  expect = { look = "ok", page = "skipped", before = "skipped", limit = "skipped", start = "failed" },
  fault  = { start = "does not allow" },
}
