-- What nobody may look at does not hold nothing.
return {
  inputs = { service = "app", process = "java", megabytes = 2000 },
  ops = {
    { op = "host.pressure", result = { memory = { some_60s_percent = 40 } } },
    { op = "host.memory",   result = { used_percent = 97 } },
    { op = "process.list",  args = { name = "java" }, result = { processes = { { pid = 7 } }, left_out = 0 } },
    { op = "process.view",  args = { pid = 7 }, fault = { "policy", "the policy does not allow process.view" } },
  },
  expect = { look = "failed", page = "not run", restart = "not run" },
  fault  = { look = "does not allow process.view" },
}
