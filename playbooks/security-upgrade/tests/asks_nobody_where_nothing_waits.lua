return {
  inputs = { packages = "openssl" },
  ops = {
    { op = "package.updates", args = { security = true }, result = { listed = 1000, updates = { { name = "openssl", installed = "3.0.14", candidate = "3.0.15", held = true, security = true }, { name = "bind9", installed = "9", candidate = "9.18.2", held = false, security = true } } } },
    { op = "host.uptime",     result = { since = 0, uptime_ms = 300000000, reboot_required = false } },
  },
  expect = { look = "failed", page = "not run", agree = "not run", upgrade = "not run", old = "not run", restart = "not run", report = "not run" },
  fault  = { look = "no update waits of openssl, 1 of them are held back; the package lists are over three days old" },
}
