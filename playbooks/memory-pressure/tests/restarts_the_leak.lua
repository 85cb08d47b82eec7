-- A process that ended between two looks holds nothing.
return {
  inputs = { service = "app", process = "java" },
  ops = {
    { op = "host.pressure", result = { memory = { some_60s_percent = 40 } } },
    { op = "host.memory",   result = { used_percent = 97 } },
    { op = "process.list",  args = { name = "java" }, result = { processes = { { pid = 7 }, { pid = 8 } }, left_out = 0 } },
    { op = "process.view",  args = { pid = 7 }, result = { memory_bytes = 900000000, swap_bytes = 50000000 } },
    { op = "process.view",  args = { pid = 8 }, fault = { "not-found", "no process 8" } },
    { op = "service.restart", args = { service = "app" }, result = { service = "app", running = true, pid = 9 } },
    { op = "service.status",  result = { running = true, pid = 9 } },
    { op = "process.list",    args = { name = "java" }, result = { processes = { { pid = 9 } }, left_out = 0 } },
    { op = "process.view",    args = { pid = 9 }, result = { memory_bytes = 100000000, swap_bytes = 0 } },
  },
  chaos  = true,
  expect = { look = "ok", page = "skipped", restart = "ok" },
  output = { look = { pressed = 40, used_percent = 97, held_bytes = 950000000 } },
}
