-- An empty password is the widest door.
return {
  inputs = { user = "ana", source = "192.0.2.7" },
  ops = {
    { op = "user.sessions", result = { sessions = { { user = "ana", from = "192.0.2.7", pid = 80 }, { user = "bo", from = "192.0.2.8" } } } },
    { op = "journal.query", args = { contains = "192.0.2.7", count = 150 }, result = { entries = { { at = 5, text = "Accepted password for ana from 192.0.2.7 port 4711 ssh2" } } } },
    { op = "user.keys", args = { user = "ana" }, result = { keys = { { type = "ssh-ed25519", fingerprint = "SHA256:abc" } }, modified = 9 } },
    { op = "process.tree", args = { pid = 1 }, result = { processes = { { pid = 1, user = "root" }, { pid = 80, user = "ana", command = "-bash" } } } },
    { op = "firewall.block", args = { source = "192.0.2.7", seconds = 86400 }, result = { source = "192.0.2.7", blocked = true } },
    { op = "firewall.view", result = { blocked = true, expires_s = 86399 } },
    { op = "user.lock", args = { user = "ana" }, result = { user = "ana", locked = true, changed = true } },
    { op = "user.list", result = { users = { { name = "root", password = "locked" }, { name = "ana", password = "none" } } } },
  },
  people = { agree = "yes" },
  expect = { look = "ok", page = "ok", agree = "ok", block = "ok", lock = "failed", ["end"] = "not run" },
  fault  = { lock = "ana is not locked: its password is 'none'" },
}
