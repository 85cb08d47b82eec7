return {
  inputs = { log = "/var/log/app/app.log", writer = "app" },
  ops = {
    { op = "file.stat",      args = { path = "/var/log/app/app.log" }, result = { bytes = 5000000000, inode = 5 } },
    { op = "process.tree",   args = { pid = 1 }, result = { processes = { { id = "a-1", name = "init" }, { id = "a-7", name = "app" }, { id = "a-8", name = "app" } } } },
    { op = "file.rotate",    fault = { "policy", "'/var/log/app/app.log' is below no spool folder" } },
  },
  expect = { look = "ok", rotate = "failed", writer = "not run" },
  fault  = { rotate = "below no spool folder" },
}
