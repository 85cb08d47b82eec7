-- What begins with the same digits is another source, and what ends with the same letters another user.
return {
  inputs = { user = "ana", source = "192.0.2.7" },
  ops = {
    { op = "user.sessions", result = { sessions = { { user = "ana", from = "192.0.2.77" } } } },
    { op = "journal.query", result = { entries = {
      { at = 5, text = "Accepted publickey for ana from 192.0.2.77 port 4711 ssh2" },
      { at = 6, text = "Accepted password for diana from 192.0.2.7 port 4711 ssh2" },
    } } },
    { op = "user.keys",    result = { keys = {}, modified = 0 } },
    { op = "process.tree", result = { processes = { { pid = 1, user = "root" } } } },
  },
  expect = { look = "failed", page = "not run", agree = "not run", block = "not run", lock = "not run", ["end"] = "not run" },
  fault  = { look = "ana was not logged in from 192.0.2.7" },
}
