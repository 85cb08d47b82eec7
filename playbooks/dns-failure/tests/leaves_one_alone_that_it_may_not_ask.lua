return {
  inputs = { service = "unbound", name = "example.com", spare = "192.0.2.53" },
  ops = {
    { op = "net.dns", args = { server = "127.0.0.1", name = "example.com", type = "A", timeout_ms = 3000 }, fault = { "policy", "the policy does not allow net.dns on what its arguments name" } },
  },
  expect = { look = "failed", elsewhere = "not run", restart = "not run" },
  fault  = { look = "does not allow" },
}
