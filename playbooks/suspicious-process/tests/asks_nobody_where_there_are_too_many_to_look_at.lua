return {
  inputs = { name = "kworker", sha256 = "abababababababababababababababababababababababababababababababab" },
  ops = {
    { op = "process.list", result = { processes = { { pid = 80, name = "kworker" } }, left_out = 7 } },
  },
  expect = { find = "failed", freeze = "not run", evidence = "not run", agree = "not run", ["end"] = "not run" },
  fault  = { find = "more processes of that name run than can be looked at" },
}
