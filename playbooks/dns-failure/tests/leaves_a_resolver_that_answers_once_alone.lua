-- Acting waits for the third failure.
return {
  inputs = { service = "unbound", name = "example.com", spare = "192.0.2.53" },
  ops = {
    { op = "net.dns", args = { server = "127.0.0.1", name = "example.com", type = "A", timeout_ms = 3000 }, result = { rcode = "servfail" } },
    { op = "net.dns", args = { server = "127.0.0.1", name = "example.com", type = "A", timeout_ms = 3000 }, result = { rcode = "noerror" } },
    { op = "net.dns", args = { server = "127.0.0.1", name = "example.com", type = "A", timeout_ms = 3000 }, result = { rcode = "servfail" } },
  },
  expect = { look = "ok", elsewhere = "skipped", restart = "skipped" },
}
