return {
  inputs = { process = "cp" },
  ops = {
    { op = "process.list", args = { name = "cp" }, result = { processes = { { pid = 7 } }, left_out = 0 } },
    { op = "process.view", args = { pid = 7 }, result = { id = "a-7", pid = 7, user = "ana", command = "cp a b", started = 5, state = "D" } },
    { op = "disk.io",      args = { seconds = 5 }, result = { drives = { { device = "sda", busy_percent = 99 }, { device = "sdb", busy_percent = 2 } } } },
    { op = "process.list", args = { name = "cp" }, result = { processes = { { pid = 7 } }, left_out = 0 } },
    { op = "process.view", args = { pid = 7 }, result = { id = "a-7", pid = 7, user = "ana", command = "cp a b", started = 5, state = "D" } },
    { op = "disk.io",      args = { seconds = 5 }, result = { drives = { { device = "sda", busy_percent = 99 }, { device = "sdb", busy_percent = 2 } } } },
    { op = "process.list", args = { name = "cp" }, result = { processes = { { pid = 7 } }, left_out = 0 } },
    { op = "process.view", args = { pid = 7 }, result = { id = "a-7", pid = 7, user = "ana", command = "cp a b", started = 5, state = "D" } },
    { op = "disk.mounts",  result = { mounts = { { path = "/", total_bytes = 9 }, { path = "/mnt/far", type = "nfs4" } } } },
  },
  chaos    = true,
  expect   = { look = "ok", page = "ok" },
  output   = { look = { hung = { { pid = 7, user = "ana", command = "cp a b", started = 5 } }, busy = { "sda" }, remote = { "/mnt/far" } } },
  notified = { page = "1 processes 'cp' hang on rehearsal; drives that are busy all the time: sda; mounted over the network: /mnt/far. No signal ends them: mend what they wait for, or reboot" },
}
