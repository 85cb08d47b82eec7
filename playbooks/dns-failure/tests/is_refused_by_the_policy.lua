return {
  inputs = { service = "unbound", name = "example.com", spare = "192.0.2.53" },
  ops = {
    { op = "net.dns", args = { server = "127.0.0.1", name = "example.com", type = "A", timeout_ms = 3000 }, result = { rcode = "servfail" } },
    { op = "net.dns", args = { server = "127.0.0.1", name = "example.com", type = "A", timeout_ms = 3000 }, result = { rcode = "servfail" } },
    { op = "net.dns", args = { server = "127.0.0.1", name = "example.com", type = "A", timeout_ms = 3000 }, result = { rcode = "servfail" } },
    { op = "net.dns", args = { server = "192.0.2.53", name = "example.com", type = "A", timeout_ms = 3000 }, result = { rcode = "noerror" } },
    { op = "service.restart", fault = { "policy", "the policy lists no service 'unbound'" } },
  },
  expect = { look = "ok", elsewhere = "ok", restart = "failed" },
  fault  = { restart = "lists no service" },
}
