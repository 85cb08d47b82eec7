return {
  inputs = { spool = "/spool" },
  ops = {
    { op = "disk.largest",  result = { { path = "/spool/work.log", bytes = 9 } } },
    { op = "file.truncate", args = { path = "/spool/work.log" }, result = { path = "/spool/work.log", freed_bytes = 9 } },
    { op = "disk.largest",  result = { { path = "/spool/work.log", bytes = 0 } } },
  },
  answers = { ["file.remove"] = { path = "/spool/work.log.1", freed_bytes = 0 } },
  chaos = true,
  expect = { look = "ok", empty = "ok", judge = "ok" },
}
