return {
  inputs = { device = "edge1", neighbor = "192.0.2.1", prefixes = 5 },
  ops = {
    { op = "device.neighbour", args = { device = "edge1", neighbour = "192.0.2.1" }, result = { state = "Established", established = true, shut = false, prefixes = 5 } },
  },
  expect = { look = "failed", clear = "not run", page = "not run" },
  fault  = { look = "has 5 prefixes: there is nothing to ask for" },
}
