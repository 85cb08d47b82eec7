return {
  inputs = { log = "/var/log/app/app.log", writer = "app" },
  ops = {
    { op = "file.stat",      args = { path = "/var/log/app/app.log" }, result = { bytes = 5000000000, inode = 5 } },
    { op = "process.tree",   args = { pid = 1 }, result = { processes = { { id = "a-1", name = "init" }, { id = "a-7", name = "app" }, { id = "a-8", name = "app" } } } },
    { op = "file.rotate",    fault = { "unknown", "the effector ended while it rotated" } },
  },
  expect = { look = "ok", rotate = "unknown", writer = "not run" },
}
