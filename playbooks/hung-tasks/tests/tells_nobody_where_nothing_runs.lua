return {
  inputs = { process = "cp" },
  ops = {
    { op = "process.list", result = { processes = {}, left_out = 0 } },
    { op = "disk.io",      args = { seconds = 5 }, result = { drives = { { device = "sda", busy_percent = 99 }, { device = "sdb", busy_percent = 2 } } } },
    { op = "process.list", result = { processes = {}, left_out = 0 } },
    { op = "disk.io",      args = { seconds = 5 }, result = { drives = { { device = "sda", busy_percent = 99 }, { device = "sdb", busy_percent = 2 } } } },
    { op = "process.list", result = { processes = {}, left_out = 0 } },
    { op = "disk.mounts",  result = { mounts = { { path = "/", total_bytes = 9 }, { path = "/mnt/far", type = "nfs4" } } } },
  },
  expect = { look = "ok", page = "skipped" },
}
