return {
  inputs = { neighbor = "192.0.2.1" },
  ops = {
    { op = "route.get",      args = { address = "192.0.2.1" }, result = { reachable = true, link = "eth0", via = "198.51.100.1" } },
    { op = "net.ping",       args = { count = 5 , address = "192.0.2.1" }, result = { sent = 5, received = 5 } },
    { op = "net.tcp",        args = { address = "192.0.2.1", port = 179, timeout_ms = 3000 }, result = { connected = true, milliseconds = 1 } },
  },
  chaos    = true,
  expect   = { look = "ok", page = "ok" },
  notified = { page = "BGP neighbour 192.0.2.1 of rehearsal is down; its port is open: look at passwords, AS numbers and prefix limits, at both ends. Clear or drain nothing before that is known" },
}
