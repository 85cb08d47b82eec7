return {
  inputs = { host = "www.example.org", file = "/etc/ssl/www.pem" },
  ops = {
    { op = "tls.certificate", args = { address = "127.0.0.1", port = 443, name = "www.example.org" }, result = { verified = true, not_after = 1700259200000 } },
    { op = "host.uptime", result = { since = 1600000000000, uptime_ms = 100000000000 } },
    { op = "site.run", args = { command = "renew-certificate" }, result = { command = "renew-certificate", status = 1, output = "too many certificates already issued" } },
    { op = "site.run", args = { command = "restore-certificate" }, result = { command = "restore-certificate", status = 0, output = "" } },
    { op = "unit.reload", args = { unit = "nginx.service" }, result = { active = "active", sub = "running" } },
  },
  expect = { look = "ok", renew = "undone", reload = "not run", page = "ok" },
}
