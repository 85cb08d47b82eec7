return {
  inputs = { spool = "/spool" },
  ops = {
    { op = "disk.largest",  result = {} },
    { op = "file.truncate", result = { path = "/spool/work.log", freed_bytes = 9 } },
    { op = "disk.largest",  result = { { path = "/spool/hold", bytes = 1 } } },
    { op = "file.remove",   args = { path = "/spool/work.log.1" }, result = { path = "/spool/work.log.1", freed_bytes = 9 } },
  },
  chaos = 7,
  expect = { look = "ok", empty = "undone", judge = "failed" },
  fault = { judge = "hold lies there" },
}
