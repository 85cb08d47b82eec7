return {
  inputs = { process = "cp" },
  ops = {
    { op = "process.list", result = { processes = { { pid = 7, name = "cp" } }, left_out = 0 } },
    { op = "process.view", args = { pid = 7 }, fault = { "policy", "the policy does not allow process.view" } },
  },
  expect = { look = "failed", page = "not run" },
  fault  = { look = "does not allow process.view" },
}
