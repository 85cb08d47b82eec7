-- Whoever is in and guesses on leaves so many entries that the login is not among the last.
local function guesses(at)
  local entries = {}
  for index = 1, 150 do
    entries[index] = { at = at - index, text = "Failed password for ana from 192.0.2.7 port 40018 ssh2" }
  end
  return entries
end

return {
  inputs = { user = "ana", source = "192.0.2.7" },
  ops = {
    { op = "user.sessions", result = { sessions = { { user = "bo", from = "192.0.2.8" } } } },
    { op = "journal.query", args = { contains = "192.0.2.7", count = 150 }, result = { entries = guesses(9000), more = true } },
    { op = "journal.query", args = { contains = "192.0.2.7", ["until"] = 8850, count = 150 }, result = { entries = { { at = 5, text = "Accepted password for ana from 192.0.2.7 port 4711 ssh2" } } } },
    { op = "user.keys", args = { user = "ana" }, result = { keys = { { type = "ssh-ed25519", fingerprint = "SHA256:abc" } }, modified = 9 } },
    { op = "process.tree", args = { pid = 1 }, result = { processes = { { pid = 1, user = "root" }, { pid = 80, user = "ana", command = "-bash" } } } },
  },
  people = { agree = "no" },
  expect = { look = "ok", page = "ok", agree = "failed", block = "not run", lock = "not run", ["end"] = "not run" },
}
