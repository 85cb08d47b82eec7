return {
  ops = {
    { op = "user.sessions", result = { sessions = { { user = "ana", from = "192.0.2.9" } } } },
    { op = "conntrack.count", args = { top = 20 }, result = { tracked = true, count = 4, top = { { address = "192.0.2.9", count = 4 } } } },
    { op = "firewall.list", result = { isolated_s = 600 } },
  },
  expect = { look = "failed", page = "not run", agree = "not run", isolate = "not run" },
  fault  = { look = "cut off already" },
}
