return {
  inputs = { outside = "198.51.100.9", network = "198.51.100.0/24", spare = "192.0.2.2" },
  ops = {
    { op = "route.get", args = { address = "198.51.100.9" }, result = { reachable = true, via = "192.0.2.1", link = "eth0" } },
    { op = "net.ping", args = { address = "198.51.100.9", count = 3 }, result = { sent = 3, received = 0 } },
    { op = "route.list", result = { routes = { { to = "0.0.0.0/0", table = 254, via = "192.0.2.1", link = "eth0" } } } },
    { op = "neighbour.list", args = { link = "eth0" }, result = { neighbours = { { address = "192.0.2.1", link = "eth0", state = "failed" } } } },
    { op = "link.view", args = { link = "eth0" }, result = { name = "eth0", carrier = false } },
    { op = "net.ping", args = { address = "192.0.2.2", count = 3 }, result = { sent = 3, received = 3 } },
  },
  people   = { agree = "no" },
  expect = { look = "ok", page = "ok", near = "ok", agree = "failed", lead = "not run" },
  notified = { page = "rehearsal does not reach 198.51.100.9, eth0 has no signal: see to it, and say whether 198.51.100.0/24 goes over 192.0.2.2 meanwhile" },
}
