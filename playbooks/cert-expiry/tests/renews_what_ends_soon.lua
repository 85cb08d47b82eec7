return {
  inputs = { host = "www.example.org", file = "/etc/ssl/www.pem" },
  ops = {
    { op = "tls.certificate", args = { address = "127.0.0.1", port = 443, name = "www.example.org" }, result = { verified = true, not_after = 1700259200000 } },
    { op = "host.uptime", result = { since = 1600000000000, uptime_ms = 100000000000 } },
    { op = "site.run", args = { command = "renew-certificate" }, result = { command = "renew-certificate", status = 0, output = "" } },
    { op = "tls.certificate", args = { path = "/etc/ssl/www.pem" }, result = { verified = true, not_after = 1707776000000 } },
    { op = "unit.reload", args = { unit = "nginx.service" }, result = { active = "active", sub = "running" } },
    { op = "tls.certificate", args = { address = "127.0.0.1", port = 443, name = "www.example.org" }, result = { verified = true, not_after = 1707776000000 } },
    { op = "host.uptime", result = { since = 1600000000000, uptime_ms = 100000000000 } },
  },
  answers = { ["site.run"] = { status = 0 }, ["unit.reload"] = { active = "active" } },
  chaos   = true,
  expect  = { look = "ok", renew = "ok", reload = "ok", page = "not run" },
  output  = { look = { not_after = 1700259200000, days = 3, verified = true, problem = "" } },
}
