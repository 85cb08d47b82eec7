return {
  inputs = { service = "app", process = "java" },
  ops = {
    { op = "host.files", result = { used_percent = 10, max = 65536 } },
    { op = "process.list", args = { name = "java" }, result = { processes = { { pid = 7 }, { pid = 8 } }, left_out = 0 } },
    { op = "process.view", args = { pid = 7 }, result = { open_files = 100, open_files_max = 1024 } },
    { op = "process.view", args = { pid = 8 }, result = { open_files = 1000, open_files_max = 1024 } },
    { op = "service.restart", args = { service = "app" }, result = { service = "app", running = true, pid = 9 } },
    { op = "service.status", result = { running = true, pid = 9 } },
    { op = "process.list", args = { name = "java" }, result = { processes = { { pid = 7 }, { pid = 8 } }, left_out = 0 } },
    { op = "process.view", args = { pid = 7 }, result = { open_files = 90, open_files_max = 1024 } },
    { op = "process.view", args = { pid = 8 }, result = { open_files = 1000, open_files_max = 1024 } },
  },
  expect = { look = "ok", page = "ok", raise = "skipped", widen = "skipped", restart = "failed" },
  fault  = { restart = "1000 of 1024 are open again: its limit is too low" },
}
