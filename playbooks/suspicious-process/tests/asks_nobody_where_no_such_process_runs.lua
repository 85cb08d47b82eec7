return {
  inputs = { name = "kworker", sha256 = "abababababababababababababababababababababababababababababababab" },
  ops = {
    { op = "process.list", result = { processes = { { pid = 80, name = "kworker" } }, left_out = 0 } },
    { op = "process.view", result = { id = "a-80", pid = 80, command = "[kworker]" } },
  },
  expect = { find = "failed", freeze = "not run", evidence = "not run", agree = "not run", ["end"] = "not run" },
  fault  = { find = "0 processes 'kworker' run that program" },
}
