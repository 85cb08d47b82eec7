return {
  ops = {
    { op = "package.updates", fault = { "policy", "the policy does not allow package.updates" } },
  },
  expect = { look = "failed", page = "not run" },
  fault  = { look = "does not allow" },
}
