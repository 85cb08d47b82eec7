return {
  inputs = { device = "sda" },
  ops = {
    { op = "disk.health", fault = { "policy", "the policy does not allow disk.health" } },
  },
  expect = { look = "failed", page = "not run" },
  fault  = { look = "does not allow" },
}
