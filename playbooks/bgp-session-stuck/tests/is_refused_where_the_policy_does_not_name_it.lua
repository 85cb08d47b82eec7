return {
  inputs = { device = "edge1", neighbor = "192.0.2.1", prefixes = 5 },
  ops = {
    { op = "device.neighbour", args = { device = "edge1", neighbour = "192.0.2.1" }, result = { state = "Idle", established = false, shut = false, reason = "BGP Notification send", notification = "Cease/Maximum Number of Prefixes Reached" } },
    { op = "device.neighbour", args = { device = "edge1", neighbour = "192.0.2.1" }, result = { state = "Idle", established = false, shut = false, reason = "BGP Notification send", notification = "Cease/Maximum Number of Prefixes Reached" } },
    { op = "device.neighbour_reset", fault = { "policy", "the policy of this machine does not allow device.neighbour_reset on what its arguments name" } },
  },
  people = { agree = "yes" },
  expect = { look = "ok", page = "ok", agree = "ok", reset = "failed" },
  fault  = { reset = "does not allow" },
}
