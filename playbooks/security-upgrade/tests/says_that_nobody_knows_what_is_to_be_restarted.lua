return {
  inputs = { packages = "openssl" },
  ops = {
    { op = "package.updates", args = { security = true }, result = { listed = 299999999, updates = { { name = "openssl", installed = "3.0.14", candidate = "3.0.15", held = false, security = true }, { name = "linux-image", candidate = "6.1.2", held = true, security = true }, { name = "bind9", candidate = "9.18.2", held = false, security = true } } } },
    { op = "host.uptime",     result = { since = 0, uptime_ms = 300000000, reboot_required = false } },
    { op = "package.upgrade", args = { name = "openssl", version = "3.0.15" }, result = { name = "openssl", before = "3.0.14", version = "3.0.15", upgraded = true } },
    { op = "package.view",    args = { name = "openssl" }, result = { name = "openssl", version = "3.0.15", interrupted = false } },
    { op = "package.restarts", fault = { "policy", "the policy does not allow package.restarts" } },
    { op = "host.uptime",     result = { since = 0, uptime_ms = 300000000, reboot_required = true } },
    { op = "package.restarts", fault = { "policy", "the policy does not allow package.restarts" } },
  },
  said     = {
    "nobody knows what runs as it was before: the policy does not allow package.restarts",
    "nobody knows what runs as it was before: the policy does not allow package.restarts",
  },
  people   = { agree = "yes" },
  expect   = { look = "ok", page = "ok", agree = "ok", upgrade = "ok", old = "ok", restart = "skipped", report = "ok" },
  notified = {
    page   = "rehearsal waits for openssl 3.0.14 to 3.0.15: say whether to install them",
    report = "rehearsal has openssl 3.0.15 now; a reboot is due",
  },
}
