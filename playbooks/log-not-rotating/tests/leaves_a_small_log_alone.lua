return {
  inputs = { log = "/var/log/app/app.log", writer = "app" },
  ops = {
    { op = "file.stat",      args = { path = "/var/log/app/app.log" }, result = { bytes = 1000, inode = 5 } },
    { op = "process.tree",   args = { pid = 1 }, result = { processes = { { id = "a-1", name = "init" }, { id = "a-7", name = "app" }, { id = "a-8", name = "app" } } } },
  },
  expect = { look = "ok", rotate = "skipped", writer = "skipped" },
}
