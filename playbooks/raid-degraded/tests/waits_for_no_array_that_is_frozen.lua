return {
  inputs = { array = "md0", member = "sdb" },
  ops = {
    { op = "disk.raid", result = { arrays = { { name = "md0", level = "raid1", degraded = true, disks = 2, missing = 1, action = "idle" } } } },
    { op = "disk.raid_readd", args = { array = "md0", member = "sdb", sync = "changed" }, result = { array = "md0", member = "sdb", added = true, state = "spare", action = "recover" } },
    { op = "disk.raid", result = { arrays = { { name = "md0", level = "raid1", degraded = true, disks = 2, missing = 1, action = "frozen" } } } },
  },
  fault    = { back = "misses 1 of 2 drives still, and does nothing about it" },
  expect   = { arrays = "ok", health = "ok", page = "ok", back = "failed" },
  notified = { page = "rehearsal: md0 misses 1 of 2 drives (idle); order a drive, and fail none by hand while another recovers" },
}
