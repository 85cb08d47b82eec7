return {
  inputs = { holder = "app" },
  ops = {
    { op = "process.files",  args = { deleted = true }, result = { deleted_bytes = 2000000000, files = { { pid = 7, name = "app", path = "/var/log/app.log", bytes = 900000000 }, { pid = 9, name = "other", path = "/tmp/x", bytes = 1500000000 } } } },
    { op = "process.view",   args = { pid = 7 }, result = { id = "a-7", pid = 7 } },
    { op = "process.signal", args = { process = "a-7", name = "app", signal = "HUP" }, result = { process = "a-7", ended = false } },
    { op = "host.cpu",       args = { seconds = 5 }, result = { busy_percent = 4 } },
    { op = "process.files",  args = { deleted = true }, result = { deleted_bytes = 2000000000, files = { { pid = 7, name = "app", path = "/var/log/app.log", bytes = 0 }, { pid = 9, name = "other", path = "/tmp/x", bytes = 1500000000 } } } },
  },
  chaos  = true,
  expect = { look = "ok", release = "ok" },
  output = { look = { bytes = 900000000, all_bytes = 2000000000, paths = { "/var/log/app.log" }, pid = 7, id = "a-7" } },
}
