return {
  inputs = { port = 443 },
  ops = {
    { op = "socket.summary", result = { tcp_states = { syn_received = 900 } } },
    { op = "host.cpu",       args = { seconds = 10 }, result = { busy_percent = 5 } },
    { op = "socket.summary", result = { tcp_states = { syn_received = 950 } } },
    { op = "host.sysctl",    args = { key = "net.ipv4.tcp_syncookies" }, result = { value = "1" } },
    { op = "firewall.limit", args = { port = 443, per_second = 20, seconds = 1800 }, result = { port = 443, per_second = 20 } },
    { op = "host.cpu",       args = { seconds = 10 }, result = { busy_percent = 5 } },
    { op = "socket.summary", result = { tcp_states = { syn_received = 3 } } },
  },
  expect = { look = "ok", cookies = "skipped", limit = "ok" },
}
