return {
  inputs = { service = "app", process = "java", room = 64 },
  ops = {
    { op = "host.files", result = { used_percent = 10, max = 65536 } },
    { op = "process.list", result = { processes = { { pid = 8 } }, left_out = 0 } },
    { op = "process.view", result = { id = "a-8", open_files = 4, open_files_max = 4, open_files_hard = 4 } },
    { op = "process.set_limit", args = { process = "a-8", name = "java", open_files = 64 }, result = { open_files = 64, hard = 64, previous = 4, previous_hard = 4 } },
    { op = "process.list", result = { processes = { { pid = 8 } }, left_out = 0 } },
    { op = "process.view", result = { open_files = 60, open_files_max = 64 } },
    { op = "process.set_limit", args = { process = "a-8", name = "java", open_files = 4, hard = 4 }, result = { open_files = 4, hard = 4, previous = 64, previous_hard = 64 } },
  },
  expect = { look = "ok", page = "ok", raise = "skipped", widen = "undone", restart = "not run" },
  fault  = { widen = "60 of 64 are open still" },
}
