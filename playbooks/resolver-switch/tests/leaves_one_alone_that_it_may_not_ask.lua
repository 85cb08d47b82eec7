return {
  inputs = { resolver = "127.0.0.1", spare = "192.0.2.53", name = "example.org" },
  ops = {
    { op = "net.dns", args = { name = "example.org", type = "A", server = "127.0.0.1", timeout_ms = 2000 }, fault = { "policy", "the policy does not allow net.dns on what its arguments name" } },
  },
  expect = { look = "failed", switch = "not run", restore = "not run", page = "not run" },
  fault  = { look = "does not allow" },
}
