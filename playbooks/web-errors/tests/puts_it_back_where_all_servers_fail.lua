return {
  inputs = { server = "192.0.2.20", direct = "http://192.0.2.20/ready", front = "https://shop.example/ready" },
  ops = {
    { op = "net.tcp", args = { address = "192.0.2.20", port = 80, timeout_ms = 3000 }, result = { connected = true, milliseconds = 3 } },
    { op = "http.probe", args = { url = "http://192.0.2.20/ready", timeout_ms = 5000 }, result = { status = 503 } },
    { op = "host.cpu", args = { seconds = 10 }, result = { busy_percent = 3 } },
    { op = "http.probe", args = { url = "http://192.0.2.20/ready", timeout_ms = 5000 }, result = { status = 503 } },
    { op = "host.cpu", args = { seconds = 10 }, result = { busy_percent = 3 } },
    { op = "http.probe", args = { url = "http://192.0.2.20/ready", timeout_ms = 5000 }, result = { status = 503 } },
    { op = "site.run", args = { command = "drain-server", with = "server=192.0.2.20 port=80" }, result = { command = "drain-server", status = 0, output = "" } },
    { op = "http.probe", args = { url = "https://shop.example/ready", timeout_ms = 5000 }, result = { status = 200 } },
    { op = "host.cpu", args = { seconds = 10 }, result = { busy_percent = 3 } },
    { op = "http.probe", args = { url = "https://shop.example/ready", timeout_ms = 5000 }, result = { status = 502 } },
    { op = "host.cpu", args = { seconds = 10 }, result = { busy_percent = 3 } },
    { op = "http.probe", args = { url = "https://shop.example/ready", timeout_ms = 5000 }, result = { status = 502 } },
    { op = "site.run", args = { command = "undrain-server", with = "server=192.0.2.20 port=80" }, result = { command = "undrain-server", status = 0, output = "" } },
  },
  expect = { look = "ok", drain = "undone", page = "not run" },
}
