return {
  inputs = { holder = "app" },
  ops = {
    { op = "process.files",  result = { deleted_bytes = 5000000000, files = { { pid = 9, name = "other", path = "/tmp/x", bytes = 5000000000 } } } },
  },
  expect = { look = "ok", release = "skipped" },
}
