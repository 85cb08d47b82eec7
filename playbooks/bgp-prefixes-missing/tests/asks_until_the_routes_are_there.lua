return {
  inputs = { device = "edge1", neighbor = "192.0.2.1", prefixes = 5 },
  ops = {
    { op = "device.neighbour", args = { device = "edge1", neighbour = "192.0.2.1" }, result = { state = "Established", established = true, shut = false, prefixes = 2 } },
    { op = "device.neighbour_clear", args = { device = "edge1", neighbour = "192.0.2.1" }, result = { was_state = "Established" } },
    { op = "host.cpu", args = { seconds = 2 }, result = { busy_percent = 5 } },
    { op = "device.neighbour", args = { device = "edge1", neighbour = "192.0.2.1" }, result = { state = "Established", established = true, shut = false, prefixes = 2 } },
    { op = "host.cpu", args = { seconds = 2 }, result = { busy_percent = 5 } },
    { op = "device.neighbour", args = { device = "edge1", neighbour = "192.0.2.1" }, result = { state = "Established", established = true, shut = false, prefixes = 7 } },
  },
  chaos  = true,
  expect = { look = "ok", clear = "ok", page = "not run" },
  output = { clear = { was_state = "Established" } },
}
