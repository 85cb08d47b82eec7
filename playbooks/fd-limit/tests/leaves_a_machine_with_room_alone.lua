return {
  inputs = { service = "app", process = "java" },
  ops = {
    { op = "host.files", result = { used_percent = 10, max = 65536 } },
    { op = "process.list", args = { name = "java" }, result = { processes = { { pid = 7 }, { pid = 8 } }, left_out = 0 } },
    { op = "process.view", args = { pid = 7 }, result = { open_files = 100, open_files_max = 1024 } },
    { op = "process.view", fault = { "not-found", "no process 8" } },
  },
  expect = { look = "ok", page = "skipped", raise = "skipped", widen = "skipped", restart = "skipped" },
}
