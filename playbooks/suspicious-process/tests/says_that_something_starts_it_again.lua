return {
  inputs = { name = "kworker", sha256 = "abababababababababababababababababababababababababababababababab" },
  ops = {
    { op = "process.list", args = { name = "kworker" }, result = { processes = { { pid = 70, name = "kworker" }, { pid = 80, name = "kworker" } }, left_out = 0 } },
    { op = "process.view", args = { pid = 70, hash = true }, result = { id = "a-70", pid = 70, user = "www", command = "kworker -o pool", program_sha256 = "abababababababababababababababababababababababababababababababab" } },
    { op = "process.view", args = { pid = 80, hash = true }, result = { id = "a-80", pid = 80, command = "[kworker]" } },
    { op = "process.freeze", args = { process = "a-70", name = "kworker" }, result = { process = "a-70", frozen = true, processes = 2 } },
    { op = "process.files", args = { pid = 70 }, result = { files = { { pid = 70, path = "/tmp/.x/kworker" } } } },
    { op = "process.end_tree", args = { process = "a-70", sha256 = "abababababababababababababababababababababababababababababababab" }, result = { process = "a-70", found = true, ended = true } },
    { op = "process.list", args = { name = "kworker" }, result = { processes = { { pid = 70, name = "kworker" }, { pid = 80, name = "kworker" } }, left_out = 0 } },
    { op = "process.view", args = { pid = 70, hash = true }, result = { id = "a-70", pid = 70, user = "www", command = "kworker -o pool", program_sha256 = "abababababababababababababababababababababababababababababababab" } },
    { op = "process.view", args = { pid = 80, hash = true }, result = { id = "a-80", pid = 80, command = "[kworker]" } },
    { op = "process.thaw", args = { process = "a-70", name = "kworker" }, result = { process = "a-70", frozen = false } },
  },
  people = { agree = "yes" },
  expect = { find = "ok", freeze = "undone", evidence = "ok", agree = "ok", ["end"] = "failed" },
  fault  = { ["end"] = "1 run that program again: something starts it" },
}
