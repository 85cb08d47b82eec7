return {
  inputs = { link = "eth1" },
  ops = {
    { op = "link.view", args = { link = "eth1" }, result = { name = "eth1", carrier_changes = 10, master = "bond0" } },
    { op = "host.cpu", args = { seconds = 10 }, result = { busy_percent = 5 } },
    { op = "host.cpu", args = { seconds = 10 }, result = { busy_percent = 5 } },
    { op = "host.cpu", args = { seconds = 10 }, result = { busy_percent = 5 } },
    { op = "host.cpu", args = { seconds = 10 }, result = { busy_percent = 5 } },
    { op = "host.cpu", args = { seconds = 10 }, result = { busy_percent = 5 } },
    { op = "host.cpu", args = { seconds = 10 }, result = { busy_percent = 5 } },
    { op = "link.list", result = { links = { { name = "bond0", kind = "bond", up = true, carrier = true }, { name = "eth1", master = "bond0", up = true, carrier = false, state = "down", carrier_changes = 31 }, { name = "eth2", master = "bond0", up = true, carrier = true } } } },
    { op = "link.neighbours", args = { link = "eth1" }, result = { neighbours = {}, more = false } },
    { op = "link.list", result = { links = { { name = "bond0", kind = "bond", up = true, carrier = true }, { name = "eth1", master = "bond0", up = true, carrier = false, state = "down", carrier_changes = 31 }, { name = "eth2", master = "bond0", up = true, carrier = true } } } },
    { op = "link.down", fault = { "policy", "the way home needs 'eth1'" } },
  },
  people = { agree = "yes" },
  expect = { look = "ok", page = "ok", spare = "ok", agree = "ok", out = "failed" },
  fault  = { out = "the way home" },
}
