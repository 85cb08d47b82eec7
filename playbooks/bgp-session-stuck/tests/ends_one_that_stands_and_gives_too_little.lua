return {
  inputs = { device = "edge1", neighbor = "192.0.2.1", prefixes = 5 },
  ops = {
    { op = "device.neighbour", args = { device = "edge1", neighbour = "192.0.2.1" }, result = { state = "Established", established = true, shut = false, prefixes = 1 } },
    { op = "device.neighbour", args = { device = "edge1", neighbour = "192.0.2.1" }, result = { state = "Established", established = true, shut = false, prefixes = 1 } },
    { op = "device.neighbour_reset", args = { device = "edge1", neighbour = "192.0.2.1" }, result = { was_state = "Idle" } },
    { op = "host.cpu", args = { seconds = 2 }, result = { busy_percent = 5 } },
    { op = "device.neighbour", args = { device = "edge1", neighbour = "192.0.2.1" }, result = { state = "Established", established = true, shut = false, prefixes = 5 } },
  },
  people   = { agree = "yes" },
  expect   = { look = "ok", page = "ok", agree = "ok", reset = "ok" },
  notified = { page = "the session of edge1 with 192.0.2.1 has 1 prefixes. Say whether it is ended, so that another begins" },
}
