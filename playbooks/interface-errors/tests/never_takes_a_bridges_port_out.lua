-- What hangs on a bridge's port hangs on that port alone.
return {
  inputs = { link = "eth1" },
  ops = {
    { op = "link.view",   result = { name = "eth1", master = "br0", rx_errors = 10, tx_errors = 1 } },
    { op = "host.cpu", args = { seconds = 5 }, result = { busy_percent = 5 } },
    { op = "link.view",   result = { name = "eth1", master = "br0", rx_errors = 25, tx_errors = 1 } },
    { op = "host.cpu", args = { seconds = 5 }, result = { busy_percent = 5 } },
    { op = "link.view",   result = { name = "eth1", master = "br0", rx_errors = 70, tx_errors = 1 } },
    { op = "link.list",   result = { links = { { name = "br0", kind = "bridge", up = true, carrier = true }, { name = "eth1", master = "br0", up = true, carrier = true }, { name = "eth2", master = "br0", up = true, carrier = true } } } },
    { op = "link.settings", args = { link = "eth1", counters = "err" }, result = { detected = true, speed_mbps = 1000, duplex = "full", autonegotiation = true, counters = {} } },
    { op = "link.neighbours", args = { link = "eth1" }, result = { neighbours = {}, more = false } },
  },
  expect = { look = "ok", page = "ok", anew = "skipped", out = "skipped" },
}
