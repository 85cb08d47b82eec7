return {
  inputs = { seconds = 600 },
  ops = {
    { op = "user.sessions", result = { sessions = { { user = "ana", from = "192.0.2.9" } } } },
    { op = "conntrack.count", args = { top = 20 }, result = { tracked = true, count = 4, top = { { address = "192.0.2.9", count = 4 } } } },
    { op = "firewall.list", result = { isolated_s = 0 } },
    { op = "host.isolate", args = { seconds = 600 }, result = { isolated = true, brokers = 1 } },
    { op = "firewall.list", result = { isolated_s = 0 } },
    { op = "host.release", result = { isolated = false } },
  },
  people = { agree = "yes" },
  expect = { look = "ok", page = "ok", agree = "ok", isolate = "undone" },
}
