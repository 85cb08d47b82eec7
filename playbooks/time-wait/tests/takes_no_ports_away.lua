-- It has more of them than the order gives.
return {
  ops = {
    { op = "socket.summary", result = { tcp_states = { time_wait = 28000 } } },
    { op = "host.cpu", args = { seconds = 10 }, result = { busy_percent = 3 } },
    { op = "socket.summary", result = { tcp_states = { time_wait = 27000 } } },
    { op = "host.sysctl", args = { key = "net.ipv4.tcp_tw_reuse" }, result = { value = "2" } },
    { op = "host.sysctl", args = { key = "net.ipv4.ip_local_port_range" }, result = { value = "1024 65535" } },
    { op = "sysctl.set", args = { key = "net.ipv4.tcp_tw_reuse", value = "1", was = "2" }, result = { value = "1" } },
    { op = "host.sysctl", args = { key = "net.ipv4.ip_local_port_range" }, result = { value = "1024 65535" } },
    { op = "host.sysctl", args = { key = "net.ipv4.tcp_tw_reuse" }, result = { value = "1" } },
  },
  answers = { ["sysctl.set"] = { value = "2" } },
  chaos  = true,
  expect = { look = "ok", set = "ok" },
}
