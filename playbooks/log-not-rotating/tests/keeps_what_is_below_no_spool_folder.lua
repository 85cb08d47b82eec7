return {
  inputs = { log = "/var/log/app/app.log", writer = "app" },
  ops = {
    { op = "file.stat",      args = { path = "/var/log/app/app.log" }, result = { bytes = 5000000000, inode = 5 } },
    { op = "process.list",   args = { name = "app" }, result = { processes = { { pid = 8, parent = 7, name = "app" }, { pid = 7, parent = 1, name = "app" } } } },
    { op = "process.view",   args = { pid = 7 }, result = { id = "a-7" } },
    { op = "file.rotate",    fault = { "policy", "'/var/log/app/app.log' is below no spool folder" } },
  },
  expect = { look = "ok", rotate = "failed", writer = "not run" },
  fault  = { rotate = "below no spool folder" },
}
