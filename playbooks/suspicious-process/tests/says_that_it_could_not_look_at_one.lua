-- A program can be made too large to hash: that is no reason to say that nobody runs it.
return {
  inputs = { name = "kworker", sha256 = "abababababababababababababababababababababababababababababababab" },
  ops = {
    { op = "process.list", result = { processes = { { pid = 80, name = "kworker" } }, left_out = 0 } },
    { op = "process.view", args = { pid = 80, hash = true }, fault = { "limit", "'/proc/80/exe' has more than 536870912 bytes" } },
  },
  said   = { "nobody knows what process 80 runs: '/proc/80/exe' has more than 536870912 bytes" },
  expect = { find = "failed", freeze = "not run", evidence = "not run", agree = "not run", ["end"] = "not run" },
  fault  = { find = "'/proc/80/exe' has more" },
}
