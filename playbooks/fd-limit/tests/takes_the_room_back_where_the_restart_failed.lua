return {
  inputs = { service = "app", process = "java" },
  ops = {
    { op = "host.files", result = { used_percent = 96, max = 65536 } },
    { op = "process.list", args = { name = "java" }, result = { processes = { { pid = 7 }, { pid = 8 } }, left_out = 0 } },
    { op = "process.view", args = { pid = 7 }, result = { open_files = 10, open_files_max = 1024 } },
    { op = "process.view", args = { pid = 8 }, result = { open_files = 1000, open_files_max = 1024 } },
    { op = "sysctl.set", args = { key = "fs.file-max", value = "2097152", was = "65536" }, result = { value = "2097152", previous = "65536" } },
    { op = "host.files", result = { used_percent = 3, max = 65536 } },
    { op = "service.restart", args = { service = "app" }, result = { service = "app", running = true, pid = 9 } },
    { op = "service.status", result = { running = false, pid = 0 } },
    { op = "sysctl.set", args = { key = "fs.file-max", value = "65536" }, result = { value = "65536" } },
  },
  expect = { look = "ok", page = "ok", raise = "undone", widen = "skipped", restart = "failed" },
  fault  = { restart = "the service does not run" },
}
