return {
  inputs = { service = "app", memory = 67108864 },
  ops    = {},
  expect = { look = "failed", page = "not run", before = "not run", limit = "not run", start = "not run" },
  fault  = { look = "unit and memory go together" },
}
