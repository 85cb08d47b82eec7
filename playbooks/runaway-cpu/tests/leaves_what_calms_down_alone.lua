return {
  inputs = { process = "report" },
  ops = {
    { op = "process.list", args = { name = "report" }, result = { processes = { { pid = 7, name = "report" }, { pid = 8, name = "report" } }, left_out = 0 } },
    { op = "process.view", args = { pid = 7 }, result = { id = "a-7", pid = 7, cpu_ms = 0, nice = 0 } },
    { op = "process.view", args = { pid = 8 }, result = { id = "a-8", pid = 8, cpu_ms = 0, nice = 5 } },
    { op = "host.cpu", args = { seconds = 20 }, result = { busy_percent = 99 } },
    { op = "process.view", args = { pid = 7 }, result = { id = "a-7", pid = 7, cpu_ms = 100, nice = 0 } },
    { op = "process.view", args = { pid = 8 }, result = { id = "a-8", pid = 8, cpu_ms = 20000, nice = 5 } },
    { op = "process.list", args = { name = "report" }, result = { processes = { { pid = 7, name = "report" }, { pid = 8, name = "report" } }, left_out = 0 } },
    { op = "process.view", args = { pid = 7 }, result = { id = "a-7", pid = 7, cpu_ms = 0, nice = 0 } },
    { op = "process.view", args = { pid = 8 }, result = { id = "a-8", pid = 8, cpu_ms = 0, nice = 5 } },
    { op = "host.cpu", args = { seconds = 20 }, result = { busy_percent = 30 } },
    { op = "process.view", args = { pid = 7 }, result = { id = "a-7", pid = 7, cpu_ms = 100, nice = 0 } },
    { op = "process.view", args = { pid = 8 }, result = { id = "a-8", pid = 8, cpu_ms = 200, nice = 5 } },
  },
  expect = { look = "ok", page = "skipped", renice = "skipped", before = "skipped", limit = "skipped", ["end"] = "skipped" },
}
