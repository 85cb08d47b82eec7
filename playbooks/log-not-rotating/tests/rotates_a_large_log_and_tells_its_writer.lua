-- The parent is told; its children hear of it from there.
return {
  inputs = { log = "/var/log/app/app.log", writer = "app" },
  ops = {
    { op = "file.stat",      args = { path = "/var/log/app/app.log" }, result = { bytes = 5000000000, inode = 5 } },
    { op = "process.list",   args = { name = "app" }, result = { processes = { { pid = 8, parent = 7, name = "app" }, { pid = 7, parent = 1, name = "app" } } } },
    { op = "process.view",   args = { pid = 7 }, result = { id = "a-7" } },
    { op = "file.rotate",    args = { path = "/var/log/app/app.log" }, result = { name = "app.log.1", bytes = 5000000000 } },
    { op = "process.signal", args = { process = "a-7", name = "app", signal = "HUP" }, result = { process = "a-7", ended = false } },
    { op = "file.stat",      result = { bytes = 0, inode = 6 } },
    { op = "process.list",   args = { name = "app" }, result = { processes = { { pid = 7, parent = 1, name = "app" }, { pid = 8, parent = 7, name = "app" } } } },
    { op = "process.files",  args = { pid = 7 }, result = { files = { { fd = 1, path = "/dev/null" }, { fd = 2, path = "/var/log/app/app.log" } }, left_out = 0 } },
    { op = "process.files",  args = { pid = 8 }, result = { files = { { fd = 2, path = "/var/log/app/app.log" } }, left_out = 0 } },
  },
  chaos  = true,
  expect = { look = "ok", rotate = "ok", writer = "ok" },
  output = { rotate = { name = "app.log.1", bytes = 5000000000 } },
}
