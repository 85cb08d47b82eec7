return {
  inputs = { device = "sw1", interface = "GigabitEthernet0/3" },
  ops = {
    { op = "device.interface", args = { device = "sw1", interface = "GigabitEthernet0/3" }, result = { up = false, shut = true } },
    { op = "device.show", args = { device = "sw1", what = "log" }, result = { lines = { "Nov 23 04:00:01: %LINK-3-UPDOWN: Interface GigabitEthernet0/2, changed state to up", "Nov 23 04:00:07: %LINK-3-UPDOWN: Interface GigabitEthernet0/3, changed state to down" }, more = false } },
    { op = "link.neighbours", result = { neighbours = {}, more = false } },
  },
  expect = { look = "failed", page = "not run", agree = "not run", shut = "not run", remind = "not run" },
  fault  = { look = "is shut already" },
}
