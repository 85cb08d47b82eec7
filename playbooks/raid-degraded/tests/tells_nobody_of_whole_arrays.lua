return {
  inputs = { drives = "sda,sdb" },
  ops = {
    { op = "disk.raid",   result = { arrays = { { name = "md1", degraded = false }, { name = "md0", level = "raid1", degraded = false, disks = 2, missing = 0, action = "idle" } } } },
  },
  expect = { arrays = "ok", health = "skipped", page = "skipped", back = "skipped" },
}
