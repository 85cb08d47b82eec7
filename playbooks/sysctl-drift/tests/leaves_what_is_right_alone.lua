return {
  inputs = { key = "net.ipv4.tcp_syncookies", value = "1" },
  ops = {
    { op = "host.sysctl", args = { key = "net.ipv4.tcp_syncookies" }, result = { key = "net.ipv4.tcp_syncookies", value = "1" } },
  },
  expect = { look = "ok", set = "skipped" },
}
