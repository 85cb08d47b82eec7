return {
  inputs = { log = "/var/log/app/app.log", writer = "app" },
  ops = {
    { op = "file.stat",      args = { path = "/var/log/app/app.log" }, result = { bytes = 5000000000, inode = 5 } },
    { op = "process.tree",   args = { pid = 1 }, result = { processes = { { id = "a-1", name = "init" }, { id = "a-9", name = "other" } } } },
  },
  expect = { look = "failed", rotate = "not run", writer = "not run" },
  fault  = { look = "no process 'app' runs" },
}
