return {
  inputs = { device = "sw1", interface = "GigabitEthernet0/3" },
  ops = {
    { op = "device.interface", args = { device = "sw1", interface = "GigabitEthernet0/3" }, result = { up = true, shut = false } },
    { op = "device.show", args = { device = "sw1", what = "log" }, result = { lines = { "Nov 23 04:00:01: %LINK-3-UPDOWN: Interface GigabitEthernet0/2, changed state to up", "Nov 23 04:00:07: %LINK-3-UPDOWN: Interface GigabitEthernet0/3, changed state to down" }, more = false } },
    { op = "link.neighbours", result = { neighbours = {}, more = false } },
    { op = "device.shut", args = { device = "sw1", interface = "GigabitEthernet0/3" }, result = { shut = true, was_shut = false } },
    { op = "device.interface", args = { device = "sw1", interface = "GigabitEthernet0/3" }, result = { up = false, shut = true } },
  },
  people   = { agree = "yes" },
  answers  = { ["device.no_shut"] = { shut = false, was_shut = true } },
  chaos    = true,
  expect   = { look = "ok", page = "ok", agree = "ok", shut = "ok", remind = "ok" },
  notified = {
    page   = "GigabitEthernet0/3 of sw1 goes up and down, it is up now; the device's last word of it: Nov 23 04:00:07: %LINK-3-UPDOWN: Interface GigabitEthernet0/3, changed state to down. Say whether it is shut",
    remind = "GigabitEthernet0/3 of sw1 is shut until somebody opens it (device.no_shut), or the device starts anew",
  },
}
