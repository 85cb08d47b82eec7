return {
  inputs = { victim = "203.0.113.5" },
  ops = {
    { op = "firewall.view", args = { source = "203.0.113.5" }, result = { blocked = false, expires_s = 0 } },
    { op = "net.capture", args = { link = "eth0", seconds = 10, packets = 100000, protocol = "udp", host = "203.0.113.5", port = 53 }, result = { packets = 13000, sources = { { address = "192.0.2.10", packets = 9000 }, { address = "203.0.113.5", packets = 4000 } } } },
    { op = "net.capture", args = { link = "eth0", seconds = 10, packets = 100000, protocol = "udp", host = "203.0.113.5", port = 53 }, result = { packets = 40, sources = { { address = "192.0.2.10", packets = 20 }, { address = "203.0.113.5", packets = 20 } } } },
    { op = "process.sockets", args = { port = 53 }, result = { sockets = { { protocol = "tcp", address = "0.0.0.0", port = 53, user = "unbound", name = "unbound" }, { protocol = "udp", address = "0.0.0.0", port = 53, user = "unbound", name = "unbound" } } } },
  },
  expect = { look = "ok", block = "skipped", page = "skipped" },
}
