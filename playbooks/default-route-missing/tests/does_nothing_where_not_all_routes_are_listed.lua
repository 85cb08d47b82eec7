return {
  inputs = { link = "eth0", outside = "203.0.113.9" },
  ops = {
    { op = "link.view", args = { link = "eth0" }, result = { name = "eth0", up = true, carrier = true, addresses = { "192.0.2.7/24" } } },
    { op = "route.list", result = { routes = { { to = "198.18.0.0/24", table = 254, via = "192.0.2.1", link = "eth0" } }, more = true } },
  },
  expect = { look = "failed", anew = "not run", page = "not run" },
  fault  = { look = "more routes than are listed" },
}
