return {
  inputs = { service = "app", process = "java", megabytes = 2000 },
  ops = {
    { op = "host.pressure", result = { memory = { some_60s_percent = 40 } } },
    { op = "host.memory",   result = { used_percent = 97 } },
    { op = "process.list",  args = { name = "java" }, result = { processes = { { pid = 7 }, { pid = 8 } }, left_out = 0 } },
    { op = "process.view",  args = { pid = 7 }, result = { memory_bytes = 900000000, swap_bytes = 50000000 } },
    { op = "process.view",  args = { pid = 8 }, fault = { "not-found", "no process 8" } },
  },
  expect   = { look = "ok", page = "ok", restart = "skipped" },
  notified = { page = "rehearsal stands still for want of memory 40 % of the time, and app holds 950 MB only: find what else does" },
}
