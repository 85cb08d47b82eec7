return {
  inputs = { log = "/var/log/app/app.log", writer = "app" },
  ops = {
    { op = "file.stat",      args = { path = "/var/log/app/app.log" }, result = { bytes = 5000000000, inode = 5 } },
    { op = "process.list",   args = { name = "app" }, result = { processes = { { pid = 8, parent = 7, name = "app" }, { pid = 7, parent = 1, name = "app" } } } },
    { op = "process.view",   args = { pid = 7 }, result = { id = "a-7" } },
    { op = "file.rotate",    args = { path = "/var/log/app/app.log" }, result = { name = "app.log.1", bytes = 5000000000 } },
    { op = "process.signal", args = { process = "a-7", name = "app", signal = "HUP" }, result = { process = "a-7", ended = false } },
    { op = "file.stat",      result = { bytes = 5000000001, inode = 5 } },
  },
  expect = { look = "ok", rotate = "failed", writer = "not run" },
  fault  = { rotate = "the log is the old one still" },
}
