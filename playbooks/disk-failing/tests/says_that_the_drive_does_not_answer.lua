return {
  inputs = { drive = "sda" },
  ops = {
    { op = "disk.health", fault = { "io", "the drive does not answer" } },
  },
  expect = { look = "failed", page = "not run" },
  fault  = { look = "the drive does not answer" },
}
