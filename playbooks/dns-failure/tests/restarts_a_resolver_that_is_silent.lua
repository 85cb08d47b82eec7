-- Answers that come late only count once there are three in a row.
return {
  inputs = { service = "unbound", name = "example.com", spare = "192.0.2.53" },
  ops = {
    { op = "net.dns", fault = { "timeout", "no answer" } },
    { op = "net.dns", fault = { "timeout", "no answer" } },
    { op = "net.dns", fault = { "timeout", "no answer" } },
    { op = "net.dns", args = { server = "192.0.2.53", name = "example.com", type = "A", timeout_ms = 3000 }, result = { rcode = "noerror" } },
    { op = "service.restart", args = { service = "unbound" }, result = { service = "unbound", running = true, pid = 3 } },
    { op = "net.dns", fault = { "timeout", "no answer" } },
    { op = "net.dns", args = { server = "127.0.0.1", name = "example.com", type = "A", timeout_ms = 3000 }, result = { rcode = "noerror" } },
    { op = "net.dns", args = { server = "127.0.0.1", name = "example.com", type = "A", timeout_ms = 3000 }, result = { rcode = "noerror" } },
    { op = "host.cpu", args = { seconds = 5 }, result = { busy_percent = 5 } },
    { op = "net.dns", args = { server = "127.0.0.1", name = "example.com", type = "A", timeout_ms = 3000 }, result = { rcode = "noerror" } },
    { op = "net.dns", args = { server = "127.0.0.1", name = "example.com", type = "A", timeout_ms = 3000 }, result = { rcode = "noerror" } },
    { op = "net.dns", args = { server = "127.0.0.1", name = "example.com", type = "A", timeout_ms = 3000 }, result = { rcode = "noerror" } },
  },
  chaos  = true,
  answers = { ["net.dns"] = { rcode = "noerror" } },
  expect = { look = "ok", elsewhere = "ok", restart = "ok" },
}
