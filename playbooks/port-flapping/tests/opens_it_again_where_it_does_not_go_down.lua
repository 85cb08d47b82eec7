return {
  inputs = { device = "sw1", interface = "GigabitEthernet0/3" },
  ops = {
    { op = "device.interface", args = { device = "sw1", interface = "GigabitEthernet0/3" }, result = { up = true, shut = false } },
    { op = "device.show", args = { device = "sw1", what = "log" }, result = { lines = { "Nov 23 04:00:01: %LINK-3-UPDOWN: Interface GigabitEthernet0/2, changed state to up", "Nov 23 04:00:07: %LINK-3-UPDOWN: Interface GigabitEthernet0/3, changed state to down" }, more = false } },
    { op = "link.neighbours", result = { neighbours = {}, more = false } },
    { op = "device.shut", args = { device = "sw1", interface = "GigabitEthernet0/3" }, result = { shut = true, was_shut = false } },
    { op = "device.interface", args = { device = "sw1", interface = "GigabitEthernet0/3" }, result = { up = true, shut = true } },
    { op = "device.no_shut", args = { device = "sw1", interface = "GigabitEthernet0/3" }, result = { shut = false, was_shut = true } },
  },
  people = { agree = "yes" },
  expect = { look = "ok", page = "ok", agree = "ok", shut = "undone", remind = "not run" },
}
