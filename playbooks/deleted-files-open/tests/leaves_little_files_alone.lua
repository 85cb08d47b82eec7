return {
  inputs = { holder = "app" },
  ops = {
    { op = "process.files",  args = { deleted = true }, result = { deleted_bytes = 2000000000, files = { { pid = 7, name = "app", path = "/var/log/app.log", bytes = 1000 }, { pid = 9, name = "other", path = "/tmp/x", bytes = 1500000000 } } } },
    { op = "process.view",   args = { pid = 7 }, result = { id = "a-7", pid = 7 } },
  },
  expect = { look = "ok", release = "skipped" },
}
