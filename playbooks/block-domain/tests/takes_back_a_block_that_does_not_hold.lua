return {
  inputs = { domain = "c2.bad.example" },
  ops = {
    { op = "net.dns", args = { name = "c2.bad.example", type = "A", server = "127.0.0.1" }, result = { rcode = "noerror", answers = { { name = "c2.bad.example.", type = "A", data = "192.0.2.66" } } } },
    { op = "net.dns", args = { name = "c2.bad.example", type = "AAAA", server = "127.0.0.1" }, result = { rcode = "noerror", answers = {  } } },
    { op = "site.run", args = { command = "block-domain", with = "domain=c2.bad.example seconds=86400" }, result = { command = "block-domain", status = 0, output = "" } },
    { op = "net.dns", args = { name = "c2.bad.example", type = "A", server = "127.0.0.1" }, result = { rcode = "noerror", answers = { { name = "c2.bad.example.", type = "A", data = "192.0.2.66" } } } },
    { op = "net.dns", args = { name = "c2.bad.example", type = "AAAA", server = "127.0.0.1" }, result = { rcode = "noerror", answers = {  } } },
    { op = "site.run", args = { command = "unblock-domain", with = "domain=c2.bad.example" }, result = { command = "unblock-domain", status = 0, output = "" } },
  },
  expect = { look = "ok", block = "undone" },
}
