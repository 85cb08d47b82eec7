return {
  ops = {
    { op = "socket.summary", result = { tcp_states = { time_wait = 28000 } } },
    { op = "host.cpu", args = { seconds = 10 }, result = { busy_percent = 3 } },
    { op = "socket.summary", result = { tcp_states = { time_wait = 27000 } } },
    { op = "host.sysctl", args = { key = "net.ipv4.tcp_tw_reuse" }, result = { value = "1" } },
    { op = "host.sysctl", args = { key = "net.ipv4.ip_local_port_range" }, result = { value = "32768 60999" } },
    { op = "sysctl.set", args = { key = "net.ipv4.ip_local_port_range", value = "10240 65535", was = "32768 60999" }, result = { value = "10240 65535" } },
    { op = "host.sysctl", args = { key = "net.ipv4.ip_local_port_range" }, result = { value = "10240 65535" } },
    { op = "host.sysctl", args = { key = "net.ipv4.tcp_tw_reuse" }, result = { value = "1" } },
  },
  expect = { look = "ok", set = "ok" },
}
