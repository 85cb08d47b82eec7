return {
  ops = {
    { op = "host.uptime", fault = { "policy", "the policy does not allow host.uptime" } },
  },
  expect = { look = "failed", page = "not run" },
  fault  = { look = "does not allow" },
}
