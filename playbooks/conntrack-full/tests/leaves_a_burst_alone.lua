return {
  ops = {
    { op = "conntrack.count", args = { top = 5 }, result = { tracked = true, count = 250000, used_percent = 95 } },
    { op = "host.cpu", args = { seconds = 10 }, result = { busy_percent = 5 } },
    { op = "conntrack.count", args = { top = 5 }, result = { tracked = true, count = 251000, used_percent = 30, top = { { address = "192.0.2.7", count = 200000 }, { address = "198.51.100.4", count = 900 } } } },
    { op = "host.sysctl", args = { key = "net.netfilter.nf_conntrack_max" }, result = { value = "262144" } },
  },
  expect = { look = "ok", page = "skipped", raise = "skipped" },
}
