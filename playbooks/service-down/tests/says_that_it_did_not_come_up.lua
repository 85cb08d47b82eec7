return {
  inputs = { service = "nginx" },
  ops = {
    { op = "service.status", result = { service = "nginx", running = false, pid = 0 } },
    { op = "process.list",   result = { processes = {}, left_out = 0 } },
    { op = "service.start",  result = { service = "nginx", running = true, pid = 41 } },
    { op = "service.status", result = { service = "nginx", running = false, pid = 0 } },
  },
  expect = { status = "ok", start = "failed" },
  fault = { start = "the service does not run" },
}
