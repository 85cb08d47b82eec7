return {
  inputs = { least = 2 },
  ops = {
    { op = "postgres.sessions", args = { database = "main", state = "in-transaction", longer_than_s = 300 },
      result = { most = 97, reserved = 3, more = false, clients = { { client = "192.0.2.5", user = "shop", sessions = 80 } }, states = { { state = "idle in transaction", sessions = 2 }, { state = "active", sessions = 90 } },
        sessions = { { pid = 70, started = 1790000000070, user = "shop", client = "192.0.2.5", state = "idle in transaction", query = "select 7" }, { pid = 71, started = 1790000000071, user = "shop", client = "192.0.2.5", state = "idle in transaction", query = "select 7" } } } },
    { op = "postgres.end_session", args = { database = "main", pid = 70, started = 1790000000070, idle_s = 300 }, fault = { "conflict", "session 70 has been 'active' for 0 s: it is let be" } },
    { op = "postgres.end_session", args = { database = "main", pid = 71, started = 1790000000071, idle_s = 300 }, result = { database = "main", pid = 71, started = 1790000000071, ended = true } },
    { op = "postgres.sessions", args = { database = "main", state = "in-transaction", longer_than_s = 300 },
      result = { most = 97, reserved = 3, more = false, clients = { { client = "192.0.2.5", user = "shop", sessions = 80 } }, states = { { state = "idle in transaction", sessions = 2 }, { state = "active", sessions = 90 } },
        sessions = {  } } },
  },
  expect = { look = "ok", page = "skipped", ["end"] = "ok" },
  output = { ["end"] = { ended = 1, awake = 1 } },
}
