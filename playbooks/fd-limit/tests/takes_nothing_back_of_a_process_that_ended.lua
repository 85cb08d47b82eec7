return {
  inputs = { service = "app", process = "java", room = 1100 },
  ops = {
    { op = "host.files", result = { used_percent = 10, max = 65536 } },
    { op = "process.list", result = { processes = { { pid = 8 } }, left_out = 0 } },
    { op = "process.view", result = { id = "a-8", open_files = 1000, open_files_max = 1024, open_files_hard = 1024 } },
    { op = "process.set_limit", args = { process = "a-8", name = "java", open_files = 1100 }, result = { open_files = 1100, hard = 1100, previous = 1024, previous_hard = 1024 } },
    { op = "process.list", result = { processes = { { pid = 9 } }, left_out = 0 } },
    { op = "process.view", result = { open_files = 1000, open_files_max = 1024 } },
    { op = "process.set_limit", args = { process = "a-8", name = "java", open_files = 1024, hard = 1024 }, fault = { "not-found", "that process ended" } },
  },
  expect = { look = "ok", page = "ok", raise = "skipped", widen = "undone", restart = "not run" },
  fault  = { widen = "1000 of 1024 are open still" },
}
