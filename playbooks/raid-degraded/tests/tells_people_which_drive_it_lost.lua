return {
  inputs = { drives = "sda,sdb" },
  ops = {
    { op = "disk.raid",   result = { arrays = { { name = "md1", degraded = false }, { name = "md0", level = "raid1", degraded = true, disks = 2, missing = 1, action = "idle" } } } },
    { op = "disk.health", args = { device = "sda" }, result = { device = "sda", model = "X1", passed = true, pending = 0 } },
    { op = "disk.health", args = { device = "sdb" }, fault = { "io", "no answer" } },
  },
  chaos    = true,
  expect   = { arrays = "ok", health = "ok", page = "ok", back = "skipped" },
  notified = { page = "rehearsal: md0 misses 1 of 2 drives (idle), nobody knows how sdb is: no answer; order a drive, and fail none by hand while another recovers" },
}
