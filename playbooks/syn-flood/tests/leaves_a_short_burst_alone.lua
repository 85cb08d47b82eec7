return {
  inputs = { port = 443 },
  ops = {
    { op = "socket.summary", result = { tcp_states = { syn_received = 900 } } },
    { op = "host.cpu",       args = { seconds = 10 }, result = { busy_percent = 5 } },
    { op = "socket.summary", result = { tcp_states = { syn_received = 3 } } },
    { op = "host.sysctl",    args = { key = "net.ipv4.tcp_syncookies" }, result = { value = "0" } },
  },
  expect = { look = "ok", cookies = "skipped", limit = "skipped" },
}
