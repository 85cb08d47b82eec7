return {
  inputs = { domain = "c2.bad.example", ours = { "shop.c2.bad.example" } },
  ops = {
    { op = "net.dns", args = { name = "c2.bad.example", type = "A", server = "127.0.0.1" }, result = { rcode = "noerror", answers = { { name = "c2.bad.example.", type = "A", data = "192.0.2.66" } } } },
    { op = "net.dns", args = { name = "c2.bad.example", type = "AAAA", server = "127.0.0.1" }, result = { rcode = "noerror", answers = {  } } },
  },
  expect = { look = "failed", block = "not run" },
  fault  = { look = "would block shop.c2.bad.example" },
}
