return {
  inputs = { holder = "app" },
  ops = {
    { op = "process.files",  args = { deleted = true }, result = { deleted_bytes = 2000000000, files = { { pid = 7, name = "app", path = "/var/log/app.log", bytes = 900000000 }, { pid = 9, name = "other", path = "/tmp/x", bytes = 1500000000 } } } },
    { op = "process.view",   args = { pid = 7 }, result = { id = "a-7", pid = 7 } },
    { op = "process.signal", fault = { "policy", "the policy does not allow process.signal name=app" } },
  },
  expect = { look = "ok", release = "failed" },
  fault  = { release = "does not allow" },
}
