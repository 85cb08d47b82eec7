return {
  inputs = { bond = "bond0", members = "eth1,eth2" },
  ops    = { { op = "link.view", result = { name = "bond0", kind = "bond", up = true } }, { op = "link.list", result = { links = { { name = "eth1", master = "bond0", up = true, carrier = true } }, more = true } } },
  expect = { look = "failed", page = "not run", up = "not run" },
  fault  = { look = "eth2 may be among the others" },
}
