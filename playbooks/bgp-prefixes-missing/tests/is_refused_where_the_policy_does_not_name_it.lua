return {
  inputs = { device = "edge1", neighbor = "192.0.2.1", prefixes = 5 },
  ops = {
    { op = "device.neighbour", args = { device = "edge1", neighbour = "192.0.2.1" }, result = { state = "Established", established = true, shut = false, prefixes = 2 } },
    { op = "device.neighbour_clear", fault = { "policy", "the policy of this machine does not allow device.neighbour_clear on what its arguments name" } },
  },
  expect = { look = "ok", clear = "failed", page = "ok" },
  fault  = { clear = "does not allow" },
}
