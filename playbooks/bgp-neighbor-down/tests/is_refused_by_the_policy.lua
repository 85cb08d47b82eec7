return {
  inputs = { neighbor = "192.0.2.1" },
  ops = {
    { op = "route.get",      fault = { "policy", "the policy does not allow route.get" } },
  },
  expect = { look = "failed", page = "not run" },
  fault  = { look = "does not allow" },
}
