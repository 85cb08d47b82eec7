return {
  inputs = { service = "app", process = "java" },
  ops = {
    { op = "host.pressure", result = { memory = { some_60s_percent = 2 } } },
    { op = "host.memory",   result = { used_percent = 97 } },
    { op = "process.list",  args = { name = "java" }, result = { processes = { { pid = 7 }, { pid = 8 } }, left_out = 0 } },
    { op = "process.view",  args = { pid = 7 }, result = { memory_bytes = 900000000, swap_bytes = 50000000 } },
    { op = "process.view",  args = { pid = 8 }, fault = { "not-found", "no process 8" } },
  },
  expect = { look = "ok", page = "skipped", restart = "skipped" },
}
