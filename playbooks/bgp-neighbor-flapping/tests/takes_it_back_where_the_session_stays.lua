return {
  inputs = { device = "edge1", neighbor = "192.0.2.1" },
  ops = {
    { op = "device.neighbour", args = { device = "edge1", neighbour = "192.0.2.1" }, result = { state = "Established", established = true, shut = false, reason = "Hold Timer Expired" } },
    { op = "device.neighbour_down", args = { device = "edge1", neighbour = "192.0.2.1" }, result = { shut = true, was_shut = false } },
    { op = "device.neighbour", args = { device = "edge1", neighbour = "192.0.2.1" }, result = { state = "Established", established = true, shut = true, reason = "Hold Timer Expired" } },
    { op = "device.neighbour_up", args = { device = "edge1", neighbour = "192.0.2.1" }, result = { shut = false, was_shut = true } },
  },
  people = { agree = "yes" },
  expect = { look = "ok", page = "ok", agree = "ok", shut = "undone", remind = "not run" },
}
