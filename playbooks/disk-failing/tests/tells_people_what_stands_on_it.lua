return {
  inputs = { drive = "sda" },
  ops = {
    { op = "disk.health", args = { device = "sda" }, result = { device = "sda", model = "X1", serial = "S9", passed = false, pending = 8, temperature_c = 40 } },
    { op = "disk.mounts", result = { mounts = { { path = "/", device = "/dev/sda1" }, { path = "/srv", device = "/dev/sdaa1" } } } },
  },
  chaos    = true,
  expect   = { look = "ok", page = "ok" },
  notified = { page = "sda of rehearsal (X1, serial S9) begins to fail: it says itself that it fails, 8 sectors cannot be read; on it: /; see that there is a copy, and order another" },
}
