return {
  inputs = { array = "md0", member = "sdb" },
  ops = {
    { op = "disk.raid", result = { arrays = { { name = "md0", level = "raid1", degraded = true, disks = 2, missing = 1, action = "idle" } } } },
    { op = "disk.raid_readd", args = { array = "md0", member = "sdb", sync = "changed" }, fault = { "conflict", "drive 'sdb' says itself that it fails: another belongs in its place" } },
  },
  expect = { arrays = "ok", health = "ok", page = "ok", back = "failed" },
  fault  = { back = "another belongs in its place" },
}
