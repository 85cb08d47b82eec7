return {
  ops = {
    { op = "host.uptime", fault = { "policy", "the policy does not allow host.uptime" } },
  },
  expect = { look = "failed", drain = "not run", reboot = "not run", back = "not run", rejoin = "not run", page = "not run" },
  fault  = { look = "does not allow" },
}
