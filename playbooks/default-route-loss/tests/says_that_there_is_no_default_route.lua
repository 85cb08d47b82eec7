return {
  inputs = { outside = "198.51.100.9", network = "198.51.100.0/24", spare = "192.0.2.2" },
  ops = {
    { op = "route.get", result = { reachable = false, error = "Network is unreachable" } },
    { op = "route.list", result = { routes = { { to = "0.0.0.0/0", table = 7, via = "192.0.2.1", link = "eth0" }, { to = "::/0", table = 254, via = "fe80::1", link = "eth0" } } } },
    { op = "neighbour.list", args = { link = "eth0" }, result = { neighbours = { { address = "192.0.2.1", link = "eth0", state = "failed" } } } },
    { op = "link.view", args = { link = "eth0" }, result = { name = "eth0", carrier = true } },
    { op = "net.ping", args = { address = "192.0.2.2", count = 3 }, result = { sent = 3, received = 0 } },
  },
  expect = { look = "ok", page = "ok", near = "failed", agree = "not run", lead = "not run" },
  fault    = { near = "the spare router 192.0.2.2 does not answer either" },
  notified = { page = "rehearsal does not reach 198.51.100.9, it has no default route over eth0: see to it, and say whether 198.51.100.0/24 goes over 192.0.2.2 meanwhile" },
}
