return {
  inputs = { device = "edge1", neighbor = "192.0.2.1", prefixes = 5 },
  ops = {
    { op = "device.neighbour", args = { device = "edge1", neighbour = "192.0.2.1" }, result = { state = "Idle", established = false, shut = false, reason = "BGP Notification send", notification = "Cease/Maximum Number of Prefixes Reached" } },
  },
  expect = { look = "failed", clear = "not run", page = "not run" },
  fault  = { look = "is Idle, last lost by: Cease/Maximum Number of Prefixes Reached" },
}
