return {
  inputs = { process = "report" },
  ops = {
    { op = "process.list", args = { name = "report" }, result = { processes = { { pid = 7, name = "report" }, { pid = 8, name = "report" } }, left_out = 0 } },
    { op = "process.view", args = { pid = 7 }, result = { id = "a-7", pid = 7, cpu_ms = 0, nice = 0 } },
    { op = "process.view", fault = { "not-found", "no process 8" } },
    { op = "host.cpu", result = { busy_percent = 97 } },
    { op = "process.view", args = { pid = 7 }, result = { id = "a-7", pid = 7, cpu_ms = 100, nice = 0 } },
  },
  expect   = { look = "ok", page = "ok", renice = "skipped", before = "skipped", limit = "skipped", ["end"] = "skipped" },
  notified = { page = "rehearsal is 97 % busy, and no process 'report' is the cause: find what is" },
}
