return {
  inputs = { victim = "203.0.113.5" },
  ops = {
    { op = "firewall.view", args = { source = "203.0.113.5" }, result = { blocked = false, expires_s = 0 } },
    { op = "net.capture", fault = { "not-found", "no link 'eth0'" } },
  },
  expect = { look = "failed", block = "not run", page = "not run" },
  fault  = { look = "no link" },
}
