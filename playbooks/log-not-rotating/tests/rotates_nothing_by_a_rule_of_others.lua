return {
  inputs = { log = "/var/log/app/app.log", writer = "app", rule = "app" },
  ops = {
    { op = "file.stat",      args = { path = "/var/log/app/app.log" }, result = { bytes = 5000000000, inode = 5 } },
    { op = "process.list",   args = { name = "app" }, result = { processes = { { pid = 8, parent = 7, name = "app" }, { pid = 7, parent = 1, name = "app" } } } },
    { op = "process.view",   args = { pid = 7 }, result = { id = "a-7" } },
    { op = "log.view",       args = { rule = "app" }, result = { rule = "app", logs = { { path = "/var/log/app/other.log", rotated_ms = 1000 } }, left_out = 0 } },
  },
  expect = { look = "failed", rotate = "not run", writer = "not run" },
  fault  = { look = "the rule 'app' is not for /var/log/app/app.log" },
}
