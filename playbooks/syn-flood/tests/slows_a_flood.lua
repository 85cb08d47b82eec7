return {
  inputs = { port = 443 },
  ops = {
    { op = "socket.summary", result = { tcp_states = { syn_received = 900 } } },
    { op = "host.cpu",       args = { seconds = 10 }, result = { busy_percent = 5 } },
    { op = "socket.summary", result = { tcp_states = { syn_received = 950 } } },
    { op = "host.sysctl",    args = { key = "net.ipv4.tcp_syncookies" }, result = { value = "0" } },
    { op = "sysctl.set",     args = { key = "net.ipv4.tcp_syncookies", value = "1", was = "0" }, result = { previous = "0", value = "1" } },
    { op = "host.sysctl",    args = { key = "net.ipv4.tcp_syncookies" }, result = { value = "1" } },
    { op = "firewall.limit", args = { port = 443, per_second = 20, seconds = 1800 }, result = { port = 443, per_second = 20 } },
    { op = "host.cpu",       args = { seconds = 10 }, result = { busy_percent = 5 } },
    { op = "socket.summary", result = { tcp_states = { syn_received = 900 } } },
    { op = "host.cpu",       args = { seconds = 10 }, result = { busy_percent = 5 } },
    { op = "socket.summary", result = { tcp_states = { syn_received = 12 } } },
  },
  answers = { ["sysctl.set"] = { value = "0" }, ["firewall.unlimit"] = { port = 443 } },
  chaos  = true,
  expect = { look = "ok", cookies = "ok", limit = "ok" },
}
