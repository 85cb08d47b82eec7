return {
  inputs = { port = 443 },
  ops = {
    { op = "socket.summary", result = { tcp_states = { syn_received = 900 } } },
    { op = "host.cpu",       args = { seconds = 10 }, result = { busy_percent = 5 } },
    { op = "socket.summary", result = { tcp_states = { syn_received = 950 } } },
    { op = "host.sysctl",    args = { key = "net.ipv4.tcp_syncookies" }, result = { value = "1" } },
    { op = "firewall.limit", fault = { "policy", "the policy does not allow firewall.limit" } },
  },
  expect = { look = "ok", cookies = "skipped", limit = "failed" },
  fault  = { limit = "does not allow" },
}
