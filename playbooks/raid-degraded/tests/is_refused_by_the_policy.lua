return {
  inputs = { drives = "sda,sdb" },
  ops = {
    { op = "disk.raid",   fault = { "policy", "the policy does not allow disk.raid" } },
  },
  expect = { arrays = "failed", health = "not run", page = "not run", back = "not run" },
  fault  = { arrays = "does not allow" },
}
