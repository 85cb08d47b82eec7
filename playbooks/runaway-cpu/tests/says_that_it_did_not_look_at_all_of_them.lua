-- Of more than fifty those with most memory are looked at: the cause may be among the others.
local processes, ops = {}, {}
for index = 1, 60 do
  processes[index] = { pid = 100 + index, name = "worker" }
end
ops[1] = { op = "process.list", args = { name = "worker" }, result = { processes = processes, left_out = 4 } }
for index = 1, 50 do
  ops[1 + index] = { op = "process.view", args = { pid = 100 + index }, result = { id = "a-" .. index, pid = 100 + index, cpu_ms = 0, nice = 0 } }
  ops[52 + index] = ops[1 + index]
end
ops[52] = { op = "host.cpu", result = { busy_percent = 97 } }
return {
  inputs   = { process = "worker" },
  ops      = ops,
  expect   = { look = "ok", page = "ok", renice = "skipped", before = "skipped", limit = "skipped", ["end"] = "skipped" },
  notified = { page = "rehearsal is 97 % busy, and no process 'worker' that was looked at, of 14 more, is the cause: find what is" },
}
