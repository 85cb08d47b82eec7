return {
  inputs = { process = "report", action = "limit" },
  ops    = {},
  expect = { look = "failed", page = "not run", renice = "not run", before = "not run", limit = "not run", ["end"] = "not run" },
  fault  = { look = "to limit it give the unit that it belongs to" },
}
