return {
  ops = {
    { op = "conntrack.count", result = { tracked = false } },
  },
  expect = { look = "failed", page = "not run", raise = "not run" },
  fault  = { look = "the kernel tracks no connections" },
}
