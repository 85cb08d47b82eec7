return {
  inputs = { device = "edge1", neighbor = "192.0.2.1", prefixes = 5 },
  ops = {
    { op = "device.neighbour", args = { device = "edge1", neighbour = "192.0.2.1" }, result = { state = "Idle", established = false, shut = true } },
  },
  expect = { look = "failed", page = "not run", agree = "not run", reset = "not run" },
  fault  = { look = "somebody meant it" },
}
