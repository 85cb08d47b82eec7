-- As under a grant, which can name none.
return {
  ops = {
    { op = "disk.raid", result = { arrays = { { name = "md0", level = "raid1", degraded = true, disks = 2, missing = 1, action = "idle" } } } },
  },
  chaos    = true,
  expect   = { arrays = "ok", health = "ok", page = "ok", back = "skipped" },
  notified = { page = "rehearsal: md0 misses 1 of 2 drives (idle); order a drive, and fail none by hand while another recovers" },
}
