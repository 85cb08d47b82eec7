return {
  inputs = { device = "edge1" },
  ops = {
    { op = "device.diff", args = { device = "edge1", count = 20 }, result = { same = true, sha256 = "aa", kept_sha256 = "aa", kept_ms = 1795400000000, added = {}, removed = {}, more = false } },
  },
  expect = { look = "failed", page = "not run", agree = "not run", keep = "not run" },
  fault  = { look = "is the one that was kept" },
}
