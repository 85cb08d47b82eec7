return {
  inputs = { device = "edge1", neighbor = "192.0.2.1" },
  ops = {
    { op = "device.neighbour", args = { device = "edge1", neighbour = "192.0.2.1" }, result = { state = "Idle", established = false, shut = true, reason = "Hold Timer Expired" } },
  },
  expect = { look = "failed", page = "not run", agree = "not run", shut = "not run", remind = "not run" },
  fault  = { look = "is shut already" },
}
