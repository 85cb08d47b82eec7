return {
  inputs = { user = "ana", source = "192.0.2.7" },
  ops = {
    { op = "user.sessions", result = { sessions = { { user = "bo", from = "192.0.2.8" } } } },
    { op = "journal.query", args = { contains = "192.0.2.7", count = 150 }, result = { entries = { { at = 5, text = "Failed password for ana from 192.0.2.7 port 4711 ssh2" } } } },
    { op = "user.keys", args = { user = "ana" }, result = { keys = { { type = "ssh-ed25519", fingerprint = "SHA256:abc" } }, modified = 9 } },
    { op = "process.tree", args = { pid = 1 }, result = { processes = { { pid = 1, user = "root" }, { pid = 80, user = "ana", command = "-bash" } } } },
  },
  expect = { look = "failed", page = "not run", agree = "not run", block = "not run", lock = "not run", ["end"] = "not run" },
  fault  = { look = "ana was not logged in from 192.0.2.7" },
}
