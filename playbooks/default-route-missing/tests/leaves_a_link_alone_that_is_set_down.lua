return {
  inputs = { link = "eth0", outside = "203.0.113.9" },
  ops = {
    { op = "link.view", args = { link = "eth0" }, result = { name = "eth0", up = false, carrier = false, addresses = { "192.0.2.7/24" } } },
    { op = "route.list", result = { routes = { { to = "192.0.2.0/24", table = 254, link = "eth0" }, { to = "0.0.0.0/0", table = 254, via = "198.51.100.1", link = "eth1" } } } },
  },
  expect = { look = "failed", anew = "not run", page = "not run" },
  fault  = { look = "eth0 is set down" },
}
