return {
  inputs = { service = "nginx" },
  ops = {
    { op = "service.status", result = { service = "nginx", running = true, pid = 41 } },
    { op = "process.list",   result = { processes = { { pid = 41, parent = 1, user = "www-data", name = "nginx", command = "nginx" } }, left_out = 0 } },
  },
  expect = { status = "ok", start = "skipped" },
  output = { status = { running = true, pid = 41, processes = 1 } },
}
