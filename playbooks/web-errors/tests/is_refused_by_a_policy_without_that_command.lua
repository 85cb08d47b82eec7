return {
  inputs = { server = "192.0.2.20", direct = "http://192.0.2.20/ready", front = "https://shop.example/ready" },
  ops = {
    { op = "net.tcp", args = { address = "192.0.2.20", port = 80, timeout_ms = 3000 }, result = { connected = true, milliseconds = 3 } },
    { op = "http.probe", args = { url = "http://192.0.2.20/ready", timeout_ms = 5000 }, result = { status = 503 } },
    { op = "host.cpu", args = { seconds = 10 }, result = { busy_percent = 3 } },
    { op = "http.probe", args = { url = "http://192.0.2.20/ready", timeout_ms = 5000 }, result = { status = 503 } },
    { op = "host.cpu", args = { seconds = 10 }, result = { busy_percent = 3 } },
    { op = "http.probe", args = { url = "http://192.0.2.20/ready", timeout_ms = 5000 }, result = { status = 503 } },
    { op = "site.run", fault = { "policy", "the policy declares no command 'drain-server'" } },
  },
  expect = { look = "ok", drain = "failed", page = "not run" },
  fault  = { drain = "declares no command" },
}
