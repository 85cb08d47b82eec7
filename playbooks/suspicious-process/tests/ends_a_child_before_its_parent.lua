local hash = "abababababababababababababababababababababababababababababababab"

return {
  inputs = { name = "kworker", sha256 = hash },
  ops = {
    { op = "process.list", args = { name = "kworker" }, result = { processes = { { pid = 70, name = "kworker" }, { pid = 71, name = "kworker" } }, left_out = 0 } },
    { op = "process.view", args = { pid = 70, hash = true }, result = { id = "a-70", pid = 70, parent = 1, program = "/usr/sbin/kworker", started = 1000, program_sha256 = hash } },
    { op = "process.view", args = { pid = 71, hash = true }, result = { id = "a-71", pid = 71, parent = 70, program = "/usr/bin/perl", started = 1000, program_sha256 = hash } },
    { op = "process.freeze", args = { process = "a-70", name = "kworker" }, result = { process = "a-70", frozen = true, processes = 2 } },
    { op = "process.freeze", args = { process = "a-71", name = "kworker" }, result = { process = "a-71", frozen = true, processes = 1 } },
    { op = "process.files", args = { pid = 70 }, result = { files = {} } },
    { op = "package.owner", args = { path = "/usr/sbin/kworker" }, result = { kind = "file", owned = false } },
    { op = "process.files", args = { pid = 71 }, result = { files = {} } },
    { op = "package.owner", args = { path = "/usr/bin/perl" }, result = { kind = "file", owned = true, packages = { { name = "perl-base" } }, content = "intact" } },
    { op = "file.hash", args = { path = "/usr/bin/perl" }, result = { sha256 = hash } },
    { op = "process.end_tree", args = { process = "a-71", sha256 = hash }, result = { process = "a-71", found = true, ended = true } },
    { op = "process.end_tree", args = { process = "a-70", sha256 = hash }, result = { process = "a-70", found = true, ended = true } },
    { op = "process.list", args = { name = "kworker" }, result = { processes = {}, left_out = 0 } },
  },
  people = { agree = "yes" },
  expect = { find = "ok", freeze = "ok", evidence = "ok", agree = "ok", ["end"] = "ok" },
  output = {
    evidence = {
      { pid = 70, program = "/usr/sbin/kworker", owner = "no package", files = {} },
      { pid = 71, program = "/usr/bin/perl", owner = "package perl-base, intact", files = {} },
    },
  },
}
