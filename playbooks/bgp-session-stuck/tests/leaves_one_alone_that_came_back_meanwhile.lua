return {
  inputs = { device = "edge1", neighbor = "192.0.2.1", prefixes = 5 },
  ops = {
    { op = "device.neighbour", args = { device = "edge1", neighbour = "192.0.2.1" }, result = { state = "Idle", established = false, shut = false } },
    { op = "device.neighbour", args = { device = "edge1", neighbour = "192.0.2.1" }, result = { state = "Established", established = true, shut = false, prefixes = 5 } },
  },
  people = { agree = "yes" },
  expect = { look = "ok", page = "ok", agree = "ok", reset = "failed" },
  fault  = { reset = "has 5 prefixes: nothing is missing" },
}
