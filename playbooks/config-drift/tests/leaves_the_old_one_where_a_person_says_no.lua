return {
  inputs = { device = "edge1" },
  ops = {
    { op = "device.diff", args = { device = "edge1", count = 20 }, result = { same = false, sha256 = "aa", kept_sha256 = "bb", kept_ms = 1795400000000, added = {}, removed = {}, more = false } },
  },
  people   = { agree = "no" },
  expect   = { look = "ok", page = "ok", agree = "failed", keep = "not run" },
  notified = { page = "the configuration of edge1 changed: its lines stand in another order. Say whether it is right so" },
}
