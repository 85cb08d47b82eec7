return {
  inputs = { bond = "bond0", members = "eth2" },
  ops = {
    { op = "link.view", result = { name = "bond0", kind = "bond", up = true } },
    { op = "link.list", result = { links = { { name = "eth2", master = "bond0", up = false, carrier = false } } } },
    { op = "link.up",   fault = { "policy", "the policy does not allow link.up link=eth2" } },
  },
  expect = { look = "ok", page = "skipped", up = "failed" },
  fault  = { up = "the policy does not allow" },
}
