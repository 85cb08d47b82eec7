return {
  inputs = { packages = "openssl,linux-image", restart = "nginx.service,exim4.service" },
  ops = {
    { op = "package.updates", args = { security = true }, result = { listed = 299999999, updates = { { name = "openssl", installed = "3.0.14", candidate = "3.0.15", held = false, security = true }, { name = "linux-image", candidate = "6.1.2", held = true, security = true }, { name = "bind9", candidate = "9.18.2", held = false, security = true } } } },
    { op = "host.uptime",     result = { since = 0, uptime_ms = 300000000, reboot_required = false } },
    { op = "package.upgrade", args = { name = "openssl", version = "3.0.15" }, result = { name = "openssl", before = "3.0.14", version = "3.0.15", upgraded = true } },
    { op = "package.view",    args = { name = "openssl" }, result = { name = "openssl", version = "3.0.15", interrupted = false } },
    { op = "package.restarts", result = { units = { { unit = "nginx.service", processes = 3 }, { unit = "", processes = 1 }, { unit = "ssh.service", processes = 1 } }, kernel_waits = false } },
    { op = "unit.restart",    args = { unit = "nginx.service" }, result = { unit = "nginx.service", active = "active" } },
    { op = "unit.status",     args = { unit = "nginx.service" }, result = { unit = "nginx.service", active = "active" } },
    { op = "host.uptime",     result = { since = 0, uptime_ms = 300000000, reboot_required = true } },
    { op = "package.restarts", result = { units = { { unit = "ssh.service", processes = 1 } }, kernel_waits = true, newest_kernel = "6.1.0-31-amd64" } },
  },
  people   = { agree = "yes" },
  chaos    = true,
  expect   = { look = "ok", page = "ok", agree = "ok", upgrade = "ok", old = "ok", restart = "ok", report = "ok" },
  notified = {
    page   = "rehearsal waits for openssl 3.0.14 to 3.0.15: say whether to install them, and to restart those of these that run what was before: nginx.service, exim4.service",
    report = "rehearsal has openssl 3.0.15 now; as before run still: ssh.service; a reboot is due for kernel 6.1.0-31-amd64",
  },
}
