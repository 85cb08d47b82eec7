return {
  inputs = { device = "sda" },
  ops = {
    { op = "disk.health", args = { device = "sda" }, result = { device = "sda", model = "WD40", serial = "W1", temperature_c = 66 } },
    { op = "disk.io", args = { seconds = 10 }, result = { drives = { { device = "sda", busy_percent = 2 }, { device = "sdb", busy_percent = 99 } } } },
    { op = "disk.health", args = { device = "sda" }, result = { device = "sda", model = "WD40", serial = "W1", temperature_c = 66 } },
  },
  expect = { look = "ok", page = "ok" },
  notified = { page = "sda (WD40, W1) on rehearsal has 66 degrees, 66 10 s ago, and is busy 2 % of the time: see whether its fan turns and what its neighbours have" },
}
