-- Its card is dead: there is no link of that name any more, and what is left of the bond is well.
return {
  inputs   = { bond = "bond0", members = "eth1,eth2" },
  ops      = { { op = "link.view", result = { name = "bond0", kind = "bond", up = true } }, { op = "link.list", result = { links = { { name = "eth1", master = "bond0", up = true, carrier = true } } } } },
  expect   = { look = "ok", page = "ok", up = "skipped" },
  output   = { look = { well = { "eth1" }, down = {}, unnamed = {}, silent = {}, out = {}, away = { "eth2" } } },
  notified = { page = "bond0 on rehearsal lacks eth2, which this machine does not have or has in something else" },
}
