return {
  inputs = { resolver = "127.0.0.1", spare = "192.0.2.53", name = "example.org" },
  ops = {
    { op = "net.dns", args = { name = "example.org", type = "A", server = "127.0.0.1", timeout_ms = 2000 }, fault = { "timeout", "no answer" } },
    { op = "net.dns", args = { name = "example.org", type = "A", server = "127.0.0.1", timeout_ms = 2000 }, fault = { "timeout", "no answer" } },
    { op = "net.dns", args = { name = "example.org", type = "A", server = "127.0.0.1", timeout_ms = 2000 }, fault = { "timeout", "no answer" } },
    { op = "net.dns", args = { name = "example.org", type = "A", server = "192.0.2.53", timeout_ms = 2000 }, fault = { "timeout", "no answer" } },
    { op = "net.dns", args = { name = "example.org", type = "A", server = "192.0.2.53", timeout_ms = 2000 }, fault = { "timeout", "no answer" } },
    { op = "net.dns", args = { name = "example.org", type = "A", server = "192.0.2.53", timeout_ms = 2000 }, fault = { "timeout", "no answer" } },
    { op = "net.dns", args = { name = "example.org", type = "A", timeout_ms = 2000 }, fault = { "timeout", "no answer" } },
  },
  fault = { look = "192.0.2.53 answers no better than 127.0.0.1" },
  expect = { look = "failed", switch = "not run", restore = "not run", page = "not run" },
}
