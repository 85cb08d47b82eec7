return {
  inputs = { service = "app", process = "java" },
  ops = {
    { op = "host.files", result = { used_percent = 96.5, max = 65536 } },
    { op = "process.list", args = { name = "java" }, result = { processes = { { pid = 7 }, { pid = 8 } }, left_out = 0 } },
    { op = "process.view", args = { pid = 7 }, result = { open_files = 10, open_files_max = 1024 } },
    { op = "process.view", args = { pid = 8 }, result = { open_files = 20, open_files_max = 1024 } },
    { op = "sysctl.set", args = { key = "fs.file-max", value = "2097152", was = "65536" }, result = { value = "2097152", previous = "65536" } },
    { op = "host.files", result = { used_percent = 3, max = 65536 } },
  },
  answers = { ["sysctl.set"] = { value = "65536" } },
  chaos   = true,
  expect  = { look = "ok", page = "ok", raise = "ok", widen = "skipped", restart = "skipped" },
  output  = { look = { machine_percent = 96, machine_max = 65536, percent = 1, open = 20, max = 1024 } },
}
