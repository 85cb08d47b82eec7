return {
  inputs = { link = "eth1" },
  ops = {
    { op = "link.view", args = { link = "eth1" }, result = { name = "eth1", carrier_changes = 10, master = "bond0" } },
    { op = "host.cpu", args = { seconds = 10 }, result = { busy_percent = 5 } },
    { op = "host.cpu", args = { seconds = 10 }, result = { busy_percent = 5 } },
    { op = "host.cpu", args = { seconds = 10 }, result = { busy_percent = 5 } },
    { op = "host.cpu", args = { seconds = 10 }, result = { busy_percent = 5 } },
    { op = "host.cpu", args = { seconds = 10 }, result = { busy_percent = 5 } },
    { op = "host.cpu", args = { seconds = 10 }, result = { busy_percent = 5 } },
    { op = "link.list", result = { links = { { name = "bond0", kind = "bond", up = true, carrier = true }, { name = "eth1", master = "bond0", up = true, carrier = false, state = "down", carrier_changes = 31 }, { name = "eth2", master = "bond0", up = true, carrier = true } } } },
    { op = "link.neighbours", args = { link = "eth1" }, result = { neighbours = { { link = "eth1", via = "LLDP", name = "sw1", port = "7", port_description = "GigabitEthernet0/7", addresses = {} } }, more = false } },
  },
  people = { agree = "no" },
  expect = { look = "ok", page = "ok", spare = "ok", agree = "failed", out = "not run" },
  notified = { page = "eth1 on rehearsal changed its signal 21 times within 60 seconds: see to its cable, its module and its peer, port GigabitEthernet0/7 of sw1; say whether the bond goes on without it" },
}
