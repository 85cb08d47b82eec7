return {
  inputs = { domain = "c2.bad.example" },
  ops = {
    { op = "net.dns", args = { name = "c2.bad.example", type = "A", server = "127.0.0.1" }, result = { rcode = "servfail", answers = {} } },
  },
  expect = { look = "failed", block = "not run" },
  fault  = { look = "127.0.0.1 answers servfail for c2.bad.example" },
}
