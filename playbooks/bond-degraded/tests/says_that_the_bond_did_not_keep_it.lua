return {
  inputs = { bond = "bond0", members = "eth1,eth2" },
  ops = {
    { op = "link.view", result = { name = "bond0", kind = "bond", up = true } },
    { op = "link.list", result = { links = { { name = "eth1", master = "bond0", up = true, carrier = true }, { name = "eth2", up = true, carrier = true } } } },
    { op = "link.bond_join", args = { link = "eth2", bond = "bond0" }, result = { link = "eth2", bond = "bond0", was_in = false } },
    { op = "host.cpu", args = { seconds = 5 }, result = { busy_percent = 5 } },
    { op = "link.list", result = { links = { { name = "eth1", master = "bond0", up = true, carrier = true }, { name = "eth2", up = true, carrier = true } } } },
  },
  expect = { look = "ok", page = "skipped", up = "failed" },
  fault  = { up = "still not in the bond: eth2" },
}
