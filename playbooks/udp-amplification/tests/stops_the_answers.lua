return {
  inputs = { victim = "203.0.113.5" },
  ops = {
    { op = "firewall.view", args = { source = "203.0.113.5" }, result = { blocked = false, expires_s = 0 } },
    { op = "net.capture", args = { link = "eth0", seconds = 10, packets = 100000, protocol = "udp", host = "203.0.113.5", port = 53 }, result = { packets = 13000, sources = { { address = "192.0.2.10", packets = 9000 }, { address = "203.0.113.5", packets = 4000 } } } },
    { op = "net.capture", args = { link = "eth0", seconds = 10, packets = 100000, protocol = "udp", host = "203.0.113.5", port = 53 }, result = { packets = 12000, sources = { { address = "192.0.2.10", packets = 8000 }, { address = "203.0.113.5", packets = 4000 } } } },
    { op = "process.sockets", args = { port = 53 }, result = { sockets = { { protocol = "tcp", address = "0.0.0.0", port = 53, user = "unbound", name = "unbound" }, { protocol = "udp", address = "0.0.0.0", port = 53, user = "unbound", name = "unbound" } } } },
    { op = "firewall.view",  result = { blocked = false, expires_s = 0 } },
    { op = "firewall.block", args = { source = "203.0.113.5", seconds = 3600 }, result = { source = "203.0.113.5", blocked = true } },
    { op = "net.capture", args = { link = "eth0", seconds = 10, packets = 100000, protocol = "udp", host = "203.0.113.5", port = 53 }, result = { packets = 4100, sources = { { address = "203.0.113.5", packets = 4100 } } } },
  },
  answers  = { ["firewall.unblock"] = { blocked = false } },
  chaos    = true,
  expect   = { look = "ok", block = "ok", page = "ok" },
  output   = { look = { per_second = 800, answers_as = { "unbound on 0.0.0.0" }, blocked_s = 0 } },
  notified = { page = "rehearsal floods 203.0.113.5 with 800 answers a second from UDP port 53 (unbound on 0.0.0.0): have it answer its own networks only" },
}
