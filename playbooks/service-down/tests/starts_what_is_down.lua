return {
  inputs = { service = "nginx", port = 8080 },
  ops = {
    { op = "service.status", args = { service = "nginx" }, result = { service = "nginx", running = false, pid = 0 } },
    { op = "process.list",   args = { name = "nginx" }, result = { processes = {}, left_out = 0 } },
    { op = "service.start",  args = { service = "nginx" }, result = { service = "nginx", running = true, pid = 41 } },
    { op = "service.status", result = { service = "nginx", running = true, pid = 41 } },
    { op = "net.tcp",        result = { connected = false, milliseconds = 0, error = "Connection refused" } },
    { op = "net.tcp",        args = { address = "127.0.0.1", port = 8080, timeout_ms = 1000 }, result = { connected = true, milliseconds = 1 } },
    { op = "net.tcp",        result = { connected = true, milliseconds = 1 } },
  },
  chaos = true,
  expect = { status = "ok", start = "ok" },
  output = { start = { service = "nginx", running = true, pid = 41 } },
}
