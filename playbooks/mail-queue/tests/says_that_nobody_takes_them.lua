return {
  inputs = { relay = "mx.shop.example" },
  ops = {
    { op = "file.find", args = { path = "/var/spool/postfix/deferred", kind = "file", count = 300 }, result = { files = { { path = "/var/spool/postfix/deferred/A/A1" } }, left_out = 399 } },
    { op = "net.tcp", args = { address = "mx.shop.example", port = 25, timeout_ms = 5000 }, result = { connected = true, milliseconds = 3 } },
    { op = "site.run", args = { command = "flush-mail" }, result = { command = "flush-mail", status = 0, output = "" } },
    { op = "host.cpu", args = { seconds = 15 }, result = { busy_percent = 3 } },
    { op = "file.find", args = { path = "/var/spool/postfix/deferred", kind = "file", count = 300 }, result = { files = { { path = "/var/spool/postfix/deferred/A/A1" } }, left_out = 399 } },
    { op = "host.cpu", args = { seconds = 15 }, result = { busy_percent = 3 } },
    { op = "file.find", args = { path = "/var/spool/postfix/deferred", kind = "file", count = 300 }, result = { files = { { path = "/var/spool/postfix/deferred/A/A1" } }, left_out = 399 } },
    { op = "host.cpu", args = { seconds = 15 }, result = { busy_percent = 3 } },
    { op = "file.find", args = { path = "/var/spool/postfix/deferred", kind = "file", count = 300 }, result = { files = { { path = "/var/spool/postfix/deferred/A/A1" } }, left_out = 399 } },
    { op = "host.cpu", args = { seconds = 15 }, result = { busy_percent = 3 } },
    { op = "file.find", args = { path = "/var/spool/postfix/deferred", kind = "file", count = 300 }, result = { files = { { path = "/var/spool/postfix/deferred/A/A1" } }, left_out = 399 } },
  },
  expect = { look = "ok", page = "skipped", send = "failed" },
  fault  = { send = "400 mails wait still" },
}
