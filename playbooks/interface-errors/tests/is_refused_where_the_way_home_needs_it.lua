return {
  inputs = { link = "eth1" },
  ops = {
    { op = "link.view",   result = { name = "eth1", master = "bond0", rx_errors = 10, tx_errors = 1 } },
    { op = "host.cpu", args = { seconds = 5 }, result = { busy_percent = 5 } },
    { op = "link.view",   result = { name = "eth1", master = "bond0", rx_errors = 25, tx_errors = 1 } },
    { op = "host.cpu", args = { seconds = 5 }, result = { busy_percent = 5 } },
    { op = "link.view",   result = { name = "eth1", master = "bond0", rx_errors = 70, tx_errors = 1 } },
    { op = "link.list",   result = { links = { { name = "bond0", kind = "bond", up = true, carrier = true }, { name = "eth1", master = "bond0", up = true, carrier = true }, { name = "eth2", master = "bond0", up = true, carrier = true } } } },
    { op = "link.settings", args = { link = "eth1", counters = "err" }, result = { detected = true, speed_mbps = 1000, duplex = "full", autonegotiation = true, counters = {} } },
    { op = "link.neighbours", args = { link = "eth1" }, result = { neighbours = {}, more = false } },
    { op = "link.down",   fault = { "policy", "the way home needs 'eth1'" } },
  },
  expect = { look = "ok", page = "ok", anew = "skipped", out = "failed" },
  fault  = { out = "the way home" },
}
