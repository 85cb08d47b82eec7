return {
  inputs = { device = "edge1", neighbor = "192.0.2.1" },
  ops = {
    { op = "device.neighbour", args = { device = "edge1", neighbour = "192.0.2.1" }, result = { state = "Active", established = false, shut = false, reason = "Hold Timer Expired" } },
  },
  people = { agree = "no" },
  expect = { look = "ok", page = "ok", agree = "failed", shut = "not run", remind = "not run" },
}
