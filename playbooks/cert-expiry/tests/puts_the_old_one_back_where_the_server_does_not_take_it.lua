return {
  inputs = { host = "www.example.org", file = "/etc/ssl/www.pem" },
  ops = {
    { op = "tls.certificate", args = { address = "127.0.0.1", port = 443, name = "www.example.org" }, result = { verified = true, not_after = 1700259200000 } },
    { op = "host.uptime", result = { since = 1600000000000, uptime_ms = 100000000000 } },
    { op = "site.run", args = { command = "renew-certificate" }, result = { command = "renew-certificate", status = 0, output = "" } },
    { op = "tls.certificate", args = { path = "/etc/ssl/www.pem" }, result = { verified = true, not_after = 1707776000000 } },
    { op = "unit.reload", args = { unit = "nginx.service" }, result = { active = "active", sub = "running" } },
    { op = "tls.certificate", args = { address = "127.0.0.1", port = 443, name = "www.example.org" }, result = { verified = true, not_after = 1700259200000 } },
    { op = "host.uptime", result = { since = 1600000000000, uptime_ms = 100000000000 } },
    { op = "site.run", args = { command = "restore-certificate" }, result = { command = "restore-certificate", status = 0, output = "" } },
    { op = "unit.reload", args = { unit = "nginx.service" }, result = { active = "active", sub = "running" } },
  },
  expect = { look = "ok", renew = "undone", reload = "failed", page = "ok" },
  fault  = { reload = "the server gives out the old one still" },
}
