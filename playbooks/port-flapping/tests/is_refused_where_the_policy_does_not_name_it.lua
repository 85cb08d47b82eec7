return {
  inputs = { device = "sw1", interface = "GigabitEthernet0/3" },
  ops = {
    { op = "device.interface", args = { device = "sw1", interface = "GigabitEthernet0/3" }, result = { up = true, shut = false } },
    { op = "device.show", args = { device = "sw1", what = "log" }, result = { lines = { "Nov 23 04:00:01: %LINK-3-UPDOWN: Interface GigabitEthernet0/2, changed state to up", "Nov 23 04:00:07: %LINK-3-UPDOWN: Interface GigabitEthernet0/3, changed state to down" }, more = false } },
    { op = "link.neighbours", result = { neighbours = {}, more = false } },
    { op = "device.shut", fault = { "policy", "the policy of this machine does not allow device.shut on what its arguments name" } },
  },
  people = { agree = "yes" },
  expect = { look = "ok", page = "ok", agree = "ok", shut = "failed", remind = "not run" },
  fault  = { shut = "does not allow" },
}
