return {
  inputs = { service = "nginx" },
  ops = {
    { op = "service.status", result = { service = "nginx", running = true, pid = 41 } },
    { op = "process.list",   result = { { pid = 41, parent = 1, user = "www-data", name = "nginx", command = "nginx" } } },
  },
  expect = { status = "ok", start = "skipped" },
  output = { status = { running = true, pid = 41, processes = 1 } },
}
