return {
  inputs = { log = "/var/log/app/app.log", writer = "app" },
  ops = {
    { op = "file.stat",      args = { path = "/var/log/app/app.log" }, result = { bytes = 5000000000, inode = 5 } },
    { op = "process.list",   args = { name = "app" }, result = { processes = {} } },
  },
  expect = { look = "failed", rotate = "not run", writer = "not run" },
  fault  = { look = "no process 'app' runs" },
}
