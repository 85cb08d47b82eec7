return {
  inputs = { relay = "mx.shop.example" },
  ops = {
    { op = "file.find", args = { path = "/var/spool/postfix/deferred", kind = "file", count = 300 }, result = { files = { { path = "/var/spool/postfix/deferred/A/A1" } }, left_out = 399 } },
    { op = "net.tcp", args = { address = "mx.shop.example", port = 25, timeout_ms = 5000 }, result = { connected = true, milliseconds = 3 } },
    { op = "site.run", fault = { "policy", "the policy declares no command 'flush-mail'" } },
  },
  expect = { look = "ok", page = "skipped", send = "failed" },
  fault  = { send = "declares no command" },
}
