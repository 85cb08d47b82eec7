return {
  inputs   = { bond = "bond0", members = "eth2" },
  ops      = { { op = "link.view", result = { name = "bond0", kind = "bond", up = true } }, { op = "link.list", result = { links = { { name = "eth2", master = "bond0", up = true, carrier = false } } } } },
  expect   = { look = "ok", page = "ok", up = "skipped" },
  notified = { page = "bond0 on rehearsal has members without a signal: eth2; see to cable and switch" },
}
