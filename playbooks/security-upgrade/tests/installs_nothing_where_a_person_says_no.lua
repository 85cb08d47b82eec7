return {
  inputs = { packages = "openssl" },
  ops = {
    { op = "package.updates", args = { security = true }, result = { listed = 299999999, updates = { { name = "openssl", installed = "3.0.14", candidate = "3.0.15", held = false, security = true } } } },
    { op = "host.uptime",     result = { since = 0, uptime_ms = 300000000, reboot_required = false } },
  },
  people = { agree = "no" },
  expect = { look = "ok", page = "ok", agree = "failed", upgrade = "not run", old = "not run", restart = "not run", report = "not run" },
}
