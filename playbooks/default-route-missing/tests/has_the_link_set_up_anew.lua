return {
  inputs = { link = "eth0", outside = "203.0.113.9" },
  ops = {
    { op = "link.view", args = { link = "eth0" }, result = { name = "eth0", up = true, carrier = true, addresses = { "192.0.2.7/24" } } },
    { op = "route.list", result = { routes = { { to = "192.0.2.0/24", table = 254, link = "eth0" }, { to = "0.0.0.0/0", table = 254, via = "198.51.100.1", link = "eth1" } } } },
    { op = "link.reconfigure", args = { link = "eth0" }, result = { link = "eth0" } },
    { op = "host.cpu", args = { seconds = 3 }, result = { busy_percent = 5 } },
    { op = "route.list", result = { routes = { { to = "192.0.2.0/24", table = 254, link = "eth0" }, { to = "0.0.0.0/0", table = 254, via = "198.51.100.1", link = "eth1" } } } },
    { op = "host.cpu", args = { seconds = 3 }, result = { busy_percent = 5 } },
    { op = "route.list", result = { routes = { { to = "0.0.0.0/0", table = 254, via = "192.0.2.1", link = "eth0" }, { to = "192.0.2.0/24", table = 254, link = "eth0" } } } },
    { op = "net.ping", args = { address = "203.0.113.9", count = 3 }, result = { sent = 3, received = 3 } },
  },
  chaos  = true,
  expect = { look = "ok", anew = "ok", page = "not run" },
}
