-- What nobody may look at does not have few files open.
return {
  inputs = { service = "app", process = "java" },
  ops = {
    { op = "host.files", result = { used_percent = 10, max = 65536 } },
    { op = "process.list", args = { name = "java" }, result = { processes = { { pid = 7 } }, left_out = 0 } },
    { op = "process.view", args = { pid = 7 }, fault = { "policy", "the policy does not allow process.view" } },
  },
  expect = { look = "failed", page = "not run", raise = "not run", widen = "not run", restart = "not run" },
  fault  = { look = "does not allow process.view" },
}
