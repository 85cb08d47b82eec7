-- One connection that is accepted between those that are not is no service.
local ops = {
  { op = "service.status", result = { service = "nginx", running = false, pid = 0 } },
  { op = "process.list",   result = { processes = {}, left_out = 0 } },
  { op = "service.start",  result = { service = "nginx", running = true, pid = 41 } },
  { op = "service.status", result = { service = "nginx", running = true, pid = 41 } },
}
for try = 1, 20 do
  ops[#ops + 1] = { op = "net.tcp", result = { connected = try % 2 == 0, milliseconds = 1, error = try % 2 == 1 and "Connection refused" or nil } }
end
return {
  inputs = { service = "nginx", port = 8080 },
  ops    = ops,
  expect = { status = "ok", start = "failed" },
  fault  = { start = "127.0.0.1 port 8080: Connection refused" },
}
