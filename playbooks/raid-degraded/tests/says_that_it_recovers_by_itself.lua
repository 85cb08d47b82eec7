return {
  inputs = { drives = "sda,sdb" },
  ops = {
    { op = "disk.raid",   result = { arrays = { { name = "md1", degraded = false }, { name = "md0", level = "raid1", degraded = true, disks = 2, missing = 1, action = "recover" } } } },
    { op = "disk.health", result = { device = "sda", model = "X1", passed = true } },
    { op = "disk.health", result = { device = "sdb", model = "X1", passed = true, pending = 4 } },
  },
  expect   = { arrays = "ok", health = "ok", page = "ok", back = "skipped" },
  notified = { page = "rehearsal: md0 misses 1 of 2 drives (recover), sdb has sectors that it cannot read; order a drive, and fail none by hand while another recovers" },
}
