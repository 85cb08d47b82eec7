return {
  inputs = { name_server = "192.0.2.53", time_server = "192.0.2.123" },
  ops = {
    { op = "user.sessions", result = { sessions = {} } },
    { op = "conntrack.count", args = { top = 20 }, result = { tracked = true, count = 0, top = {} } },
    { op = "firewall.list", result = { isolated_s = 0 } },
    {
      op = "host.isolate", args = { seconds = 14400, name_server = "192.0.2.53", time_server = "192.0.2.123" },
      result = { isolated = true, brokers = 1 },
    },
    { op = "firewall.list", result = { isolated_s = 14400 } },
  },
  people = { agree = "yes" },
  expect = { look = "ok", page = "ok", agree = "ok", isolate = "ok" },
}
