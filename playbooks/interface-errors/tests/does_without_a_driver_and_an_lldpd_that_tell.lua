return {
  inputs = { link = "eth1" },
  ops = {
    { op = "link.view",   result = { name = "eth1", master = "bond0", rx_errors = 10, tx_errors = 1 } },
    { op = "host.cpu", args = { seconds = 5 }, result = { busy_percent = 5 } },
    { op = "link.view",   result = { name = "eth1", master = "bond0", rx_errors = 25, tx_errors = 1 } },
    { op = "host.cpu", args = { seconds = 5 }, result = { busy_percent = 5 } },
    { op = "link.view",   result = { name = "eth1", master = "bond0", rx_errors = 70, tx_errors = 1 } },
    { op = "link.list",   result = { links = { { name = "bond0", kind = "bond", up = true, carrier = true }, { name = "eth1", master = "bond0", up = true, carrier = true }, { name = "eth2", master = "bond0", up = true, carrier = true } } } },
    { op = "link.settings", fault = { "policy", "the policy of this machine does not allow link.settings" } },
    { op = "link.neighbours", fault = { "not-found", "this machine has no '/usr/sbin/lldpcli'" } },
    { op = "link.down",   args = { link = "eth1", seconds = 3600 }, result = { link = "eth1", up = false } },
    { op = "host.cpu", args = { seconds = 3 }, result = { busy_percent = 5 } },
    { op = "link.list",   result = { links = { { name = "bond0", kind = "bond", up = true, carrier = true } } } },
  },
  expect = { look = "ok", page = "ok", anew = "skipped", out = "ok" },
  notified = { page = "eth1 on rehearsal loses frames (11, then 71): see to its cable and its peer; the bond goes on without it" },
}
