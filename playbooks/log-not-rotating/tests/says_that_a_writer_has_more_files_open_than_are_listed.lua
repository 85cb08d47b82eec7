return {
  inputs = { log = "/var/log/app/app.log", writer = "app", rule = "app" },
  ops = {
    { op = "file.stat",      args = { path = "/var/log/app/app.log" }, result = { bytes = 5000000000, inode = 5 } },
    { op = "process.list",   args = { name = "app" }, result = { processes = { { pid = 8, parent = 7, name = "app" }, { pid = 7, parent = 1, name = "app" } } } },
    { op = "process.view",   args = { pid = 7 }, result = { id = "a-7" } },
    { op = "log.view",       args = { rule = "app" }, result = { rule = "app", logs = { { path = "/var/log/app/app.log", rotated_ms = 1000 } }, left_out = 0 } },
    { op = "log.rotate",     args = { rule = "app" }, result = { rule = "app", logs = 1, rotated = 1, rotated_bytes = 5000000000 } },
    { op = "file.stat",      result = { bytes = 0, inode = 6 } },
    { op = "process.list",   args = { name = "app" }, result = { processes = { { pid = 7, parent = 1, name = "app" }, { pid = 8, parent = 7, name = "app" } } } },
    { op = "process.files",  args = { pid = 7 }, result = { files = { { fd = 1, path = "/dev/null" }, { fd = 2, path = "/var/log/app/app.log" } }, left_out = 0 } },
    { op = "process.files",  args = { pid = 8 }, result = { files = { { fd = 2, path = "/dev/null" } }, left_out = 40 } },
  },
  chaos  = true,
  said   = { "nobody knows which log process 8 has open, of 40 files more than are listed" },
  expect = { look = "ok", rotate = "ok", writer = "ok" },
  output = { rotate = { rule = "app", logs = 1, rotated = 1, rotated_bytes = 5000000000 } },
}
