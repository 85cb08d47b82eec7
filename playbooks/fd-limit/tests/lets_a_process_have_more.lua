return {
  inputs = { service = "app", process = "java", room = 4096 },
  ops = {
    { op = "host.files", result = { used_percent = 10, max = 65536 } },
    { op = "process.list", args = { name = "java" }, result = { processes = { { pid = 7 }, { pid = 8 } }, left_out = 0 } },
    { op = "process.view", args = { pid = 7 }, result = { id = "a-7", open_files = 100, open_files_max = 1024, open_files_hard = 2048 } },
    { op = "process.view", args = { pid = 8 }, result = { id = "a-8", open_files = 1000, open_files_max = 1024, open_files_hard = 2048 } },
    { op = "process.set_limit", args = { process = "a-8", name = "java", open_files = 4096 }, result = { open_files = 4096, hard = 4096, previous = 1024, previous_hard = 2048 } },
    { op = "process.list", args = { name = "java" }, result = { processes = { { pid = 7 }, { pid = 8 } }, left_out = 0 } },
    { op = "process.view", args = { pid = 7 }, result = { open_files = 100, open_files_max = 1024 } },
    { op = "process.view", args = { pid = 8 }, result = { open_files = 1000, open_files_max = 4096 } },
  },
  answers = { ["process.set_limit"] = { open_files = 1024 } },
  chaos   = true,
  expect  = { look = "ok", page = "ok", raise = "skipped", widen = "ok", restart = "skipped" },
}
