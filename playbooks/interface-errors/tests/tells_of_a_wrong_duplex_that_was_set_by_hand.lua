-- Nothing is negotiated where it is off.
return {
  inputs = { link = "eth1" },
  ops = {
    { op = "link.view",   result = { name = "eth1", master = "bond0", rx_errors = 10, tx_errors = 1 } },
    { op = "host.cpu", args = { seconds = 5 }, result = { busy_percent = 5 } },
    { op = "link.view",   result = { name = "eth1", master = "bond0", rx_errors = 25, tx_errors = 1 } },
    { op = "host.cpu", args = { seconds = 5 }, result = { busy_percent = 5 } },
    { op = "link.view",   result = { name = "eth1", master = "bond0", rx_errors = 70, tx_errors = 1 } },
    { op = "link.list",   result = { links = { { name = "bond0", kind = "bond", up = true, carrier = true }, { name = "eth1", master = "bond0", up = true, carrier = true }, { name = "eth2", master = "bond0", up = true, carrier = true } } } },
    { op = "link.settings", args = { link = "eth1", counters = "err" }, result = { detected = true, speed_mbps = 100, duplex = "half", autonegotiation = false, counters = { { name = "rx_crc_errors", count = 70 } } } },
    { op = "link.neighbours", args = { link = "eth1" }, result = { neighbours = { { link = "eth1", via = "LLDP", name = "sw1", port = "Gi1/0/7", addresses = {} } }, more = false } },
    { op = "link.down",   args = { link = "eth1", seconds = 3600 }, result = { link = "eth1", up = false } },
    { op = "host.cpu", args = { seconds = 3 }, result = { busy_percent = 5 } },
    { op = "link.list",   result = { links = { { name = "bond0", kind = "bond", up = true, carrier = true } } } },
  },
  expect = { look = "ok", page = "ok", anew = "skipped", out = "ok" },
}
