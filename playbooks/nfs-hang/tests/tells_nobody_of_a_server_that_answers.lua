return {
  inputs = { server = "files.shop.example" },
  ops = {
    { op = "disk.mounts", result = { mounts = { { path = "/", device = "/dev/sda1" }, { path = "/srv/home", device = "files.shop.example:/home", type = "nfs4" } } } },
    { op = "net.tcp", args = { address = "files.shop.example", port = 2049, timeout_ms = 3000 }, result = { connected = true, milliseconds = 3 } },
    { op = "host.cpu", args = { seconds = 5 }, result = { busy_percent = 3 } },
    { op = "net.tcp", args = { address = "files.shop.example", port = 2049, timeout_ms = 3000 }, result = { connected = true, milliseconds = 3 } },
    { op = "host.cpu", args = { seconds = 5 }, result = { busy_percent = 3 } },
    { op = "net.tcp", args = { address = "files.shop.example", port = 2049, timeout_ms = 3000 }, result = { connected = true, milliseconds = 3 } },
    { op = "net.ping", args = { address = "files.shop.example", count = 3 }, result = { sent = 3, received = 0, lost_percent = 0 } },
    { op = "host.load", result = { load_1m = 9.5 } },
  },
  expect = { look = "ok", page = "skipped" },
}
