return {
  inputs = { array = "md0", member = "sdb" },
  ops = {
    { op = "disk.raid", result = { arrays = { { name = "md0", level = "raid1", degraded = true, disks = 2, missing = 1, action = "idle" } } } },
    { op = "disk.raid_readd", args = { array = "md0", member = "sdb", sync = "changed" }, result = { array = "md0", member = "sdb", added = true, state = "spare", action = "recover" } },
    { op = "disk.raid", result = { arrays = { { name = "md0", level = "raid1", degraded = true, disks = 2, missing = 1, action = "idle" } } } },
  },
  expect = { arrays = "ok", health = "ok", page = "ok", back = "failed" },
  fault  = { back = "misses 1 of 2 drives still" },
}
