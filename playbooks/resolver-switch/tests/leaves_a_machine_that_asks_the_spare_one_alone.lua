return {
  inputs = { resolver = "127.0.0.1", spare = "192.0.2.53", name = "example.org" },
  ops = {
    { op = "net.dns", args = { name = "example.org", type = "A", server = "127.0.0.1", timeout_ms = 2000 }, fault = { "timeout", "no answer" } },
    { op = "net.dns", args = { name = "example.org", type = "A", server = "127.0.0.1", timeout_ms = 2000 }, fault = { "timeout", "no answer" } },
    { op = "net.dns", args = { name = "example.org", type = "A", server = "127.0.0.1", timeout_ms = 2000 }, fault = { "timeout", "no answer" } },
    { op = "net.dns", args = { name = "example.org", type = "A", server = "192.0.2.53", timeout_ms = 2000 }, result = { rcode = "noerror" } },
    { op = "net.dns", args = { name = "example.org", type = "A", server = "192.0.2.53", timeout_ms = 2000 }, result = { rcode = "noerror" } },
    { op = "net.dns", args = { name = "example.org", type = "A", server = "192.0.2.53", timeout_ms = 2000 }, result = { rcode = "noerror" } },
    { op = "net.dns", args = { name = "example.org", type = "A", timeout_ms = 2000 }, result = { rcode = "noerror" } },
  },
  notified = { page = "rehearsal gets its answers elsewhere, since 127.0.0.1 answers nothing: once that is mended run this again, it goes back" },
  expect = { look = "ok", switch = "skipped", restore = "skipped", page = "ok" },
}
