-- Its signal comes some seconds later.
return {
  inputs = { bond = "bond0", members = "eth1,eth2" },
  ops = {
    { op = "link.view", result = { name = "bond0", kind = "bond", up = true } },
    { op = "link.list", result = { links = { { name = "eth1", master = "bond0", up = true, carrier = true }, { name = "eth2", master = "bond0", up = false, carrier = false },
      { name = "eth3", up = false, carrier = false } } } },
    { op = "link.up",   args = { link = "eth2" }, result = { link = "eth2", up = true } },
    { op = "host.cpu", args = { seconds = 5 }, result = { busy_percent = 5 } },
    { op = "link.list", result = { links = { { name = "eth1", master = "bond0", up = true, carrier = true }, { name = "eth2", master = "bond0", up = true, carrier = false } } } },
    { op = "host.cpu", args = { seconds = 5 }, result = { busy_percent = 5 } },
    { op = "link.list", result = { links = { { name = "eth1", master = "bond0", up = true, carrier = true }, { name = "eth2", master = "bond0", up = true, carrier = true } } } },
  },
  chaos  = true,
  expect = { look = "ok", page = "skipped", up = "ok" },
  output = { look = { well = { "eth1" }, down = { "eth2" }, unnamed = {}, silent = {}, out = {}, away = {} } },
}
