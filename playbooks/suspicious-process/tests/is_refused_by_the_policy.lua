return {
  inputs = { name = "kworker", sha256 = "abababababababababababababababababababababababababababababababab" },
  ops = {
    { op = "process.list", args = { name = "kworker" }, result = { processes = { { pid = 70, name = "kworker" }, { pid = 80, name = "kworker" } }, left_out = 0 } },
    { op = "process.view", args = { pid = 70, hash = true }, result = { id = "a-70", pid = 70, user = "www", command = "kworker -o pool", program_sha256 = "abababababababababababababababababababababababababababababababab" } },
    { op = "process.view", args = { pid = 80, hash = true }, result = { id = "a-80", pid = 80, command = "[kworker]" } },
    { op = "process.freeze", fault = { "policy", "the policy does not allow process.freeze name=kworker" } },
  },
  expect = { find = "ok", freeze = "failed", evidence = "not run", agree = "not run", ["end"] = "not run" },
  fault  = { freeze = "does not allow" },
}
