return {
  inputs = { device = "edge1", neighbor = "192.0.2.1", prefixes = 5 },
  ops = {
    { op = "device.neighbour", args = { device = "edge1", neighbour = "192.0.2.1" }, result = { state = "Established", established = true, shut = false, prefixes = 1 } },
    { op = "device.neighbour", args = { device = "edge1", neighbour = "192.0.2.1" }, result = { state = "Established", established = true, shut = false, prefixes = 1 } },
    { op = "device.neighbour_reset", args = { device = "edge1", neighbour = "192.0.2.1" }, result = { was_state = "Established" } },
    { op = "host.cpu", args = { seconds = 2 }, result = { busy_percent = 5 } },
    { op = "device.neighbour", args = { device = "edge1", neighbour = "192.0.2.1" }, fault = { "unreachable", "the device cannot be reached over SSH" } },
    { op = "host.cpu", args = { seconds = 2 }, result = { busy_percent = 5 } },
    { op = "device.neighbour", args = { device = "edge1", neighbour = "192.0.2.1" }, fault = { "timeout", "the device shows no prompt" } },
    { op = "host.cpu", args = { seconds = 2 }, result = { busy_percent = 5 } },
    { op = "device.neighbour", args = { device = "edge1", neighbour = "192.0.2.1" }, result = { state = "Established", established = true, shut = false, prefixes = 5 } },
  },
  people = { agree = "yes" },
  chaos  = true,
  expect = { look = "ok", page = "ok", agree = "ok", reset = "ok" },
}
