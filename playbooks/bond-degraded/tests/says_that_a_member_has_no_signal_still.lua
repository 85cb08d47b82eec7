return {
  inputs = { bond = "bond0", members = "eth2" },
  ops = {
    { op = "link.view", result = { name = "bond0", kind = "bond", up = true } },
    { op = "link.list", result = { links = { { name = "eth2", master = "bond0", up = false, carrier = false } } } },
    { op = "link.up",   result = { link = "eth2", up = true } },
    { op = "host.cpu", args = { seconds = 5 }, result = { busy_percent = 5 } },
    { op = "link.list", result = { links = { { name = "eth2", master = "bond0", up = true, carrier = false } } } },
    { op = "host.cpu", args = { seconds = 5 }, result = { busy_percent = 5 } },
    { op = "link.list", result = { links = { { name = "eth2", master = "bond0", up = true, carrier = false } } } },
    { op = "host.cpu", args = { seconds = 5 }, result = { busy_percent = 5 } },
    { op = "link.list", result = { links = { { name = "eth2", master = "bond0", up = true, carrier = false } } } },
  },
  expect = { look = "ok", page = "skipped", up = "failed" },
  fault  = { up = "still without a signal: eth2" },
}
