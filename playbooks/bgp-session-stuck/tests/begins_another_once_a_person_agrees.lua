return {
  inputs = { device = "edge1", neighbor = "192.0.2.1", prefixes = 5 },
  ops = {
    { op = "device.neighbour", args = { device = "edge1", neighbour = "192.0.2.1" }, result = { state = "Idle", established = false, shut = false, reason = "BGP Notification send", notification = "Cease/Maximum Number of Prefixes Reached" } },
    { op = "device.neighbour", args = { device = "edge1", neighbour = "192.0.2.1" }, result = { state = "Idle", established = false, shut = false, reason = "BGP Notification send", notification = "Cease/Maximum Number of Prefixes Reached" } },
    { op = "device.neighbour_reset", args = { device = "edge1", neighbour = "192.0.2.1" }, result = { was_state = "Idle" } },
    { op = "host.cpu", args = { seconds = 2 }, result = { busy_percent = 5 } },
    { op = "device.neighbour", args = { device = "edge1", neighbour = "192.0.2.1" }, result = { state = "Active", established = false, shut = false } },
    { op = "host.cpu", args = { seconds = 2 }, result = { busy_percent = 5 } },
    { op = "device.neighbour", args = { device = "edge1", neighbour = "192.0.2.1" }, result = { state = "Established", established = true, shut = false, prefixes = 0 } },
    { op = "host.cpu", args = { seconds = 2 }, result = { busy_percent = 5 } },
    { op = "device.neighbour", args = { device = "edge1", neighbour = "192.0.2.1" }, result = { state = "Established", established = true, shut = false, prefixes = 5 } },
  },
  people   = { agree = "yes" },
  chaos    = true,
  expect   = { look = "ok", page = "ok", agree = "ok", reset = "ok" },
  output   = { reset = { was_state = "Idle" } },
  notified = { page = "the session of edge1 with 192.0.2.1 is Idle, last lost by: Cease/Maximum Number of Prefixes Reached. Say whether it is ended, so that another begins" },
}
