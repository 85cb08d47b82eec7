return {
  inputs = { device = "edge1", neighbor = "192.0.2.1" },
  ops = {
    { op = "device.neighbour", args = { device = "edge1", neighbour = "192.0.2.1" }, fault = { "key", "the device has another host key than the policy of this machine says" } },
  },
  expect = { look = "failed", page = "not run", agree = "not run", shut = "not run", remind = "not run" },
  fault  = { look = "another host key" },
}
