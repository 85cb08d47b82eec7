return {
  inputs = { device = "edge1" },
  ops = {
    { op = "device.diff", args = { device = "edge1", count = 20 }, result = { same = false, sha256 = "cc", kept_sha256 = "bb", kept_ms = 1795400000000, added = { "interface eth0 | shutdown" }, removed = { "interface eth0 | description uplink" }, more = false } },
    { op = "device.backup", args = { device = "edge1" }, result = { sha256 = "aa", bytes = 900, at_ms = 1795400060000, kept = true } },
    { op = "device.diff", args = { device = "edge1", count = 1 }, result = { same = true, sha256 = "aa", kept_sha256 = "aa" } },
  },
  people = { agree = "yes" },
  expect = { look = "ok", page = "ok", agree = "ok", keep = "failed" },
  fault  = { keep = "it changed again since people were asked" },
}
