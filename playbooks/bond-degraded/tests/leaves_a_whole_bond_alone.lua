return {
  inputs = { bond = "bond0", members = "eth1,eth2" },
  ops    = { { op = "link.view", result = { name = "bond0", kind = "bond", up = true } }, { op = "link.list", result = { links = { { name = "eth1", master = "bond0", up = true, carrier = true }, { name = "eth2", master = "bond0", up = true, carrier = true } } } } },
  expect = { look = "ok", page = "skipped", up = "skipped" },
}
