return {
  inputs = { link = "eth0", outside = "203.0.113.9" },
  ops = {
    { op = "link.view", args = { link = "eth0" }, result = { name = "eth0", up = true, carrier = true, addresses = { "192.0.2.7/24" } } },
    { op = "route.list", result = { routes = { { to = "192.0.2.0/24", table = 254, link = "eth0" }, { to = "0.0.0.0/0", table = 254, via = "198.51.100.1", link = "eth1" } } } },
    { op = "link.reconfigure", fault = { "policy", "'eth0' is a link that the way home or management needs" } },
  },
  expect = { look = "ok", anew = "failed", page = "ok" },
  fault  = { anew = "the way home" },
  notified = { page = "eth0 of rehearsal lost its default route: step anew says why setting it up anew was refused, or did not bring a way to 203.0.113.9 back: look at its files below /etc/systemd/network, and at who leases addresses there" },
}
