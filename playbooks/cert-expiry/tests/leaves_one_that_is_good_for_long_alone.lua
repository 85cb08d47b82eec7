return {
  inputs = { host = "www.example.org", file = "/etc/ssl/www.pem" },
  ops = {
    { op = "tls.certificate", args = { address = "127.0.0.1", port = 443, name = "www.example.org" }, result = { verified = true, not_after = 1703456000000 } },
    { op = "host.uptime", result = { since = 1600000000000, uptime_ms = 100000000000 } },
  },
  expect = { look = "ok", renew = "skipped", reload = "skipped", page = "not run" },
}
