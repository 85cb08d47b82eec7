return {
  inputs = { device = "edge1" },
  ops = {
    { op = "device.diff", args = { device = "edge1", count = 20 }, result = { same = false, sha256 = "aa", kept_sha256 = "bb", kept_ms = 1795400000000, added = { "interface eth0 | shutdown" }, removed = { "interface eth0 | description uplink" }, more = false } },
    { op = "device.backup", args = { device = "edge1" }, result = { sha256 = "aa", bytes = 900, at_ms = 1795400060000, kept = true } },
    { op = "device.diff", args = { device = "edge1", count = 1 }, result = { same = true, sha256 = "aa", kept_sha256 = "aa" } },
  },
  people   = { agree = "yes" },
  chaos    = true,
  expect   = { look = "ok", page = "ok", agree = "ok", keep = "ok" },
  output   = { keep = { sha256 = "aa", seen = true } },
  notified = { page = "the configuration of edge1 changed: + interface eth0 | shutdown; - interface eth0 | description uplink. Say whether it is right so" },
}
