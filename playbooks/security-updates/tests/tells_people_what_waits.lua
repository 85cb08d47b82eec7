return {
  ops = {
    { op = "package.updates", args = { security = true }, result = { listed = 299999999, updates = { { name = "openssl", candidate = "3.0.15", held = false, security = true }, { name = "linux-image", candidate = "6.1.2", held = true, security = true } } } },
    { op = "host.uptime",     result = { since = 0, uptime_ms = 300000000, reboot_required = false } },
    { op = "package.restarts", result = { units = { { unit = "ssh.service", name = "sshd" }, { unit = "", name = "java" } }, kernel_waits = true } },
  },
  chaos    = true,
  expect   = { look = "ok", page = "ok" },
  notified = { page = "rehearsal: 1 security updates wait: openssl 3.0.15; 1 are held back: linux-image 6.1.2; 2 units run what was before an upgrade: ssh.service, java; a reboot is due" },
}
