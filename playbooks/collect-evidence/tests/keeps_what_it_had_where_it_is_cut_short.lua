return {
  inputs = { folder = "/tmp" },
  ops = {
    { op = "process.tree",  result = { processes = { { id = "a-1", pid = 1, name = "init" } } } },
    { op = "process.files", args = { deleted = true }, result = { files = { { pid = 9, path = "/tmp/.x", deleted = true } } } },
    { op = "conntrack.count", args = { top = 50 }, result = { tracked = true, count = 3, top = { { address = "192.0.2.7", count = 2 } } } },
    { op = "link.list",     result = { links = { { name = "eth0", up = true } } } },
    { op = "route.list",    result = { routes = { { to = "0.0.0.0/0", via = "192.0.2.1" } } } },
    { op = "user.sessions", fault = { "timeout", "the machine is busy" } },
  },
  expect = { processes = "ok", network = "ok", people = "failed", files = "not run" },
}
