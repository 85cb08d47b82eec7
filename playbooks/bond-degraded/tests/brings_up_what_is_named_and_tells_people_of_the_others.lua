-- eth2 is set down too, and nobody said that it may be brought up: that is no reason to leave eth3 down.
return {
  inputs = { bond = "bond0", members = "eth1,eth3" },
  ops = {
    { op = "link.view", result = { name = "bond0", kind = "bond", up = true } },
    { op = "link.list", result = { links = { { name = "eth1", master = "bond0", up = true, carrier = true }, { name = "eth2", master = "bond0", up = false, carrier = false },
      { name = "eth3", master = "bond0", up = false, carrier = false } } } },
    { op = "link.up",   args = { link = "eth3" }, result = { link = "eth3", up = true } },
    { op = "host.cpu", args = { seconds = 5 }, result = { busy_percent = 5 } },
    { op = "link.list", result = { links = { { name = "eth1", master = "bond0", up = true, carrier = true }, { name = "eth2", master = "bond0", up = false, carrier = false },
      { name = "eth3", master = "bond0", up = true, carrier = true } } } },
  },
  chaos    = true,
  expect   = { look = "ok", page = "ok", up = "ok" },
  output   = { up = { up = { "eth3" }, joined = {} } },
  notified = { page = "bond0 on rehearsal has members that are set down and not named, so they stay so: eth2" },
}
