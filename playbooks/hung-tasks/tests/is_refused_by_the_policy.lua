return {
  inputs = { process = "cp" },
  ops = {
    { op = "process.list", fault = { "policy", "the policy does not allow process.list" } },
  },
  expect = { look = "failed", page = "not run" },
  fault  = { look = "does not allow" },
}
