return {
  inputs = { neighbor = "192.0.2.1" },
  ops = {
    { op = "route.get",      args = { address = "192.0.2.1" }, result = { reachable = true, link = "eth0", via = "198.51.100.1" } },
    { op = "net.ping",       args = { count = 5 , address = "192.0.2.1" }, result = { sent = 5, received = 0 } },
    { op = "net.tcp",        args = { address = "192.0.2.1", port = 179, timeout_ms = 3000 }, result = { connected = false, milliseconds = 1, error = "timed out" } },
    { op = "net.traceroute", args = { address = "192.0.2.1", hops = 8 }, result = { hops = { { hop = 1, address = "198.51.100.1" }, { hop = 2 } } } },
  },
  chaos    = true,
  expect   = { look = "ok", page = "ok" },
  notified = { page = "BGP neighbour 192.0.2.1 of rehearsal is down; it answers no echo; the way goes 198.51.100.1 -: look at the circuit. Clear or drain nothing before that is known" },
}
