return {
  inputs = { relay = "mx.shop.example" },
  ops = {
    { op = "file.find", args = { path = "/var/spool/postfix/deferred", kind = "file", count = 300 }, result = { files = { { path = "/var/spool/postfix/deferred/A/A1" } }, left_out = 399 } },
    { op = "net.tcp", args = { address = "mx.shop.example", port = 25, timeout_ms = 5000 }, result = { connected = false, milliseconds = 3, error = "Connection refused" } },
  },
  expect = { look = "ok", page = "ok", send = "skipped" },
  notified = { page = "400 mails wait on rehearsal, and mx.shop.example port 25 takes none: Connection refused" },
}
