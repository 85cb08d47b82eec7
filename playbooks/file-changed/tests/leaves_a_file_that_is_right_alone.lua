return {
  inputs = { path = "/etc/shop.conf", sha256 = "abababababababababababababababababababababababababababababababab", case = "incident-7" },
  ops = {
    { op = "file.hash", args = { path = "/etc/shop.conf" }, result = { sha256 = "abababababababababababababababababababababababababababababababab", bytes = 9 } },
    { op = "file.stat", args = { path = "/etc/shop.conf" }, result = { bytes = 9, user = "root", mode = "0644", modified = 5, changed = 6 } },
    { op = "user.sessions", result = { sessions = { { user = "ana", from = "192.0.2.9" } } } },
    { op = "package.owner", args = { path = "/etc/shop.conf" }, result = { kind = "file", owned = false } },
  },
  expect = { look = "failed", keep = "not run", agree = "not run", restore = "not run" },
  fault  = { look = "is what it should be" },
}
