return {
  inputs = { device = "nvme1" },
  ops = {
    { op = "disk.health", args = { device = "nvme1" }, result = { device = "nvme1", model = "X1", serial = "S9", passed = true, temperature_c = 70 } },
    { op = "disk.io", args = { seconds = 10 }, result = { drives = { { device = "nvme1n1", busy_percent = 7 }, { device = "nvme10n1", busy_percent = 99 } } } },
    { op = "disk.health", args = { device = "nvme1" }, result = { device = "nvme1", model = "X1", serial = "S9", passed = true, temperature_c = 70 } },
  },
  expect   = { look = "ok", page = "ok" },
  notified = { page = "nvme1 (X1, S9) on rehearsal has 70 degrees, 70 10 s ago, and is busy 7 % of the time: see whether its fan turns and what its neighbours have" },
}
