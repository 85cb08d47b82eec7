return {
  inputs = { device = "sw1", interface = "GigabitEthernet0/3" },
  ops = {
    { op = "device.interface", args = { device = "sw1", interface = "GigabitEthernet0/3" }, result = { up = true, shut = false } },
    { op = "device.show", args = { device = "sw1", what = "log" }, result = { lines = { "Nov 23 04:00:01: %LINK-3-UPDOWN: Interface GigabitEthernet0/2, changed state to up", "Nov 23 04:00:07: %LINK-3-UPDOWN: Interface GigabitEthernet0/3, changed state to down" }, more = false } },
    { op = "link.neighbours", result = { neighbours = { { link = "eth1", via = "LLDP", name = "sw2", port = "Te1" , addresses = {} }, { link = "eth0", via = "LLDP", name = "sw1.example", port = "GigabitEthernet0/3", addresses = {} } }, more = false } },
  },
  people = { agree = "no" },
  expect = { look = "ok", page = "ok", agree = "failed", shut = "not run", remind = "not run" },
  notified = { page = "GigabitEthernet0/3 of sw1 goes up and down, it is up now; the device's last word of it: Nov 23 04:00:07: %LINK-3-UPDOWN: Interface GigabitEthernet0/3, changed state to down; rehearsal hangs on a port of that name of sw1.example by its eth0. Say whether it is shut" },
}
