return {
  inputs = { server = "files.shop.example" },
  ops = {
    { op = "disk.mounts", fault = { "policy", "the policy does not allow disk.mounts" } },
  },
  expect = { look = "failed", page = "not run" },
  fault  = { look = "does not allow" },
}
