return {
  ops = {
    { op = "conntrack.count", args = { top = 5 }, result = { tracked = true, count = 250000, used_percent = 95 } },
    { op = "host.cpu", args = { seconds = 10 }, result = { busy_percent = 5 } },
    { op = "conntrack.count", args = { top = 5 }, result = { tracked = true, count = 251000, used_percent = 96, top = { { address = "192.0.2.7", count = 200000 }, { address = "198.51.100.4", count = 900 } } } },
    { op = "host.sysctl", args = { key = "net.netfilter.nf_conntrack_max" }, result = { value = "262144" } },
    { op = "sysctl.set", args = { key = "net.netfilter.nf_conntrack_max", value = "524288", was = "262144" }, result = { value = "524288", previous = "262144" } },
    { op = "conntrack.count", args = { top = 0 }, result = { tracked = true, used_percent = 90 } },
    { op = "sysctl.set", args = { key = "net.netfilter.nf_conntrack_max", value = "262144" }, result = { value = "262144" } },
  },
  expect = { look = "ok", page = "ok", raise = "undone" },
}
