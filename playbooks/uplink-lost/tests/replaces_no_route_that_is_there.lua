-- A route that others made stays as it is, and nothing of ours is there to be taken back.
return {
  inputs = { to = "198.51.100.0/24", beyond = "198.51.100.1", spare = "192.0.2.2" },
  ops = {
    { op = "route.get", args = { address = "198.51.100.1" }, result = { reachable = true, via = "192.0.2.1" } },
    { op = "net.ping", args = { address = "198.51.100.1", count = 3 }, result = { sent = 3, received = 0 } },
    { op = "host.cpu", args = { seconds = 10 }, result = { busy_percent = 3 } },
    { op = "net.ping", args = { address = "198.51.100.1", count = 3 }, result = { sent = 3, received = 0 } },
    { op = "host.cpu", args = { seconds = 10 }, result = { busy_percent = 3 } },
    { op = "net.ping", args = { address = "198.51.100.1", count = 3 }, result = { sent = 3, received = 0 } },
    { op = "net.ping", args = { address = "192.0.2.2", count = 3 }, result = { sent = 3, received = 3 } },
    { op = "route.add", fault = { "conflict", "no route to '198.51.100.0/24' is added: File exists" } },
  },
  expect = { look = "ok", lead = "failed", page = "not run" },
}
