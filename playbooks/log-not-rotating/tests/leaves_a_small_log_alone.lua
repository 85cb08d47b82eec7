return {
  inputs = { log = "/var/log/app/app.log", writer = "app" },
  ops = {
    { op = "file.stat",      args = { path = "/var/log/app/app.log" }, result = { bytes = 1000, inode = 5 } },
    { op = "process.list",   args = { name = "app" }, result = { processes = { { pid = 8, parent = 7, name = "app" }, { pid = 7, parent = 1, name = "app" } } } },
    { op = "process.view",   args = { pid = 7 }, result = { id = "a-7" } },
  },
  expect = { look = "ok", rotate = "skipped", writer = "skipped" },
}
