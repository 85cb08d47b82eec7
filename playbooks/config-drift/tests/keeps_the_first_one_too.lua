return {
  inputs = { device = "edge1" },
  ops = {
    { op = "device.diff", args = { device = "edge1", count = 20 }, fault = { "not-found", "no configuration of 'edge1' was kept yet" } },
    { op = "device.backup", args = { device = "edge1" }, result = { sha256 = "aa", bytes = 900, at_ms = 1795400060000, kept = true } },
    { op = "device.diff", args = { device = "edge1", count = 1 }, result = { same = true, sha256 = "aa", kept_sha256 = "aa" } },
  },
  people   = { agree = "yes" },
  expect   = { look = "ok", page = "ok", agree = "ok", keep = "ok" },
  notified = { page = "no configuration of edge1 was kept yet. Say whether it is right as it is" },
}
