-- eth3 is in nothing either, and nobody said that it may be put anywhere; eth4 is in another bond, which people are told.
return {
  inputs = { bond = "bond0", members = "eth1,eth2,eth4" },
  ops = {
    { op = "link.view", result = { name = "bond0", kind = "bond", up = true } },
    { op = "link.list", result = { links = { { name = "eth1", master = "bond0", up = true, carrier = true }, { name = "eth2", up = true, carrier = true },
      { name = "eth3", up = false, carrier = false }, { name = "eth4", master = "bond1", up = true, carrier = true } } } },
    { op = "link.bond_join", args = { link = "eth2", bond = "bond0" }, result = { link = "eth2", bond = "bond0", was_in = false } },
    { op = "host.cpu", args = { seconds = 5 }, result = { busy_percent = 5 } },
    { op = "link.list", result = { links = { { name = "eth1", master = "bond0", up = true, carrier = true }, { name = "eth2", master = "bond0", up = true, carrier = true } } } },
  },
  chaos  = true,
  expect = { look = "ok", page = "ok", up = "ok" },
  output = { look = { well = { "eth1" }, down = {}, unnamed = {}, silent = {}, out = { "eth2" }, away = { "eth4" } }, up = { up = {}, joined = { "eth2" } } },
  notified = { page = "bond0 on rehearsal lacks eth4, which this machine does not have or has in something else" },
}
