return {
  inputs = { bond = "bond0", members = "eth1,eth2,eth3" },
  ops = {
    { op = "link.view", result = { name = "bond0", kind = "bond", up = true } },
    { op = "link.list", result = { links = { { name = "eth1", master = "bond0", up = true, carrier = true }, { name = "eth2", master = "bond0", up = false, carrier = false },
      { name = "eth3", up = true, carrier = true } } } },
    { op = "link.up", args = { link = "eth2" }, result = { link = "eth2", up = true } },
    { op = "link.bond_join", args = { link = "eth3", bond = "bond0" }, fault = { "conflict", "'eth3' has addresses of its own" } },
  },
  expect = { look = "ok", page = "skipped", up = "failed" },
  fault  = { up = "has addresses of its own" },
}
