return {
  inputs = { path = "/etc/shop.conf", sha256 = "abababababababababababababababababababababababababababababababab", case = "incident-7" },
  ops = {
    { op = "file.hash", args = { path = "/etc/shop.conf" }, result = { sha256 = "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd", bytes = 9 } },
    { op = "file.stat", args = { path = "/etc/shop.conf" }, result = { bytes = 9, user = "root", mode = "0644", modified = 5, changed = 6 } },
    { op = "user.sessions", result = { sessions = { { user = "ana", from = "192.0.2.9" } } } },
    { op = "package.owner", args = { path = "/etc/shop.conf" }, result = { kind = "file", owned = true, packages = { { name = "shop", version = "1.1", conffile = false } }, content = "intact" } },
    { op = "evidence.file", args = { case = "incident-7", path = "/etc/shop.conf" }, result = { sha256 = "efefefefefefefefefefefefefefefefefefefefefefefefefefefefefefefef" } },
  },
  said   = { "package shop 1.1 brought /etc/shop.conf: intact, so that an upgrade may have changed it" },
  expect = { look = "ok", keep = "failed", agree = "not run", restore = "not run" },
  fault  = { keep = "name another case" },
}
