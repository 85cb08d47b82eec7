return {
  inputs = { process = "report" },
  ops = {
    { op = "process.list", args = { name = "report" }, result = { processes = { { pid = 7, name = "report" } }, left_out = 0 } },
    { op = "process.view", args = { pid = 7 }, fault = { "policy", "the policy does not allow process.view" } },
  },
  expect = { look = "failed", page = "not run", renice = "not run", before = "not run", limit = "not run", ["end"] = "not run" },
  fault  = { look = "does not allow process.view" },
}
