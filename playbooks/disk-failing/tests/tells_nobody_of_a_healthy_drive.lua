return {
  inputs = { drive = "sda" },
  ops = {
    { op = "disk.health", args = { device = "sda" }, result = { device = "sda", model = "X1", serial = "S9", passed = true, pending = 0, temperature_c = 40 } },
    { op = "disk.mounts", result = { mounts = { { path = "/", device = "/dev/sda1" }, { path = "/srv", device = "/dev/sdb1" } } } },
  },
  expect = { look = "ok", page = "skipped" },
}
