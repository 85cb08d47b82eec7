return {
  inputs = { key = "net.ipv4.tcp_syncookies", value = "1" },
  ops = {
    { op = "host.sysctl", args = { key = "net.ipv4.tcp_syncookies" }, result = { key = "net.ipv4.tcp_syncookies", value = "0" } },
    { op = "sysctl.set", args = { key = "net.ipv4.tcp_syncookies", value = "1", was = "0" }, result = { key = "net.ipv4.tcp_syncookies", value = "1", previous = "0" } },
    { op = "host.sysctl", args = { key = "net.ipv4.tcp_syncookies" }, result = { key = "net.ipv4.tcp_syncookies", value = "1" } },
  },
  answers = { ["sysctl.set"] = { value = "0" } },
  chaos  = true,
  expect = { look = "ok", set = "ok" },
}
