return {
  inputs = { path = "/etc/shop.conf", sha256 = "abababababababababababababababababababababababababababababababab", case = "incident-7" },
  ops = {
    { op = "file.hash", args = { path = "/etc/shop.conf" }, result = { sha256 = "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd", bytes = 9 } },
    { op = "file.stat", args = { path = "/etc/shop.conf" }, result = { bytes = 9, user = "root", mode = "0644", modified = 5, changed = 6 } },
    { op = "user.sessions", result = { sessions = { { user = "ana", from = "192.0.2.9" } } } },
    { op = "package.owner", args = { path = "/etc/shop.conf" }, result = { kind = "file", owned = false } },
    { op = "evidence.file", args = { case = "incident-7", path = "/etc/shop.conf" }, result = { sha256 = "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd" } },
    { op = "file.hash", args = { path = "/etc/shop.conf" }, result = { sha256 = "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd", bytes = 9 } },
    { op = "site.run", args = { command = "restore-file", with = "path=/etc/shop.conf" }, result = { command = "restore-file", status = 0, output = "" } },
    { op = "file.hash", args = { path = "/etc/shop.conf" }, result = { sha256 = "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd", bytes = 9 } },
  },
  people = { agree = "yes" },
  expect = { look = "ok", keep = "ok", agree = "ok", restore = "failed" },
  fault  = { restore = "is not what it should be still" },
}
