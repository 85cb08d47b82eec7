return {
  inputs = { outside = "198.51.100.9", network = "198.51.100.0/24", spare = "192.0.2.2" },
  ops = {
    { op = "route.get", args = { address = "198.51.100.9" }, result = { reachable = true, via = "192.0.2.1", link = "eth0" } },
    { op = "net.ping", args = { address = "198.51.100.9", count = 3 }, result = { sent = 3, received = 2 } },
    { op = "route.list", result = { routes = { { to = "0.0.0.0/0", table = 254, via = "192.0.2.1", link = "eth0" } } } },
    { op = "neighbour.list", args = { link = "eth0" }, result = { neighbours = { { address = "192.0.2.1", link = "eth0", state = "failed" } } } },
    { op = "link.view", args = { link = "eth0" }, result = { name = "eth0", carrier = true } },
  },
  expect = { look = "failed", page = "not run", near = "not run", agree = "not run", lead = "not run" },
  fault  = { look = "198.51.100.9 answers" },
}
