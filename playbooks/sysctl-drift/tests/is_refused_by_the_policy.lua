return {
  inputs = { key = "net.ipv4.tcp_syncookies", value = "1" },
  ops = {
    { op = "host.sysctl", args = { key = "net.ipv4.tcp_syncookies" }, result = { key = "net.ipv4.tcp_syncookies", value = "0" } },
    { op = "sysctl.set", fault = { "policy", "the policy does not allow sysctl.set key=net.ipv4.tcp_syncookies value=1" } },
  },
  expect = { look = "ok", set = "failed" },
  fault  = { set = "does not allow" },
}
