return {
  inputs = { least = 2 },
  ops = {
    { op = "postgres.sessions", args = { database = "main", state = "in-transaction", longer_than_s = 300 },
      result = { most = 97, reserved = 3, more = false, clients = { { client = "192.0.2.5", user = "shop", sessions = 80 } }, states = { { state = "idle in transaction", sessions = 2 }, { state = "active", sessions = 90 } },
        sessions = { { pid = 70, started = 1790000000070, user = "shop", client = "192.0.2.5", state = "idle in transaction", query = "select 7" }, { pid = 71, started = 1790000000071, user = "shop", client = "192.0.2.5", state = "idle in transaction", query = "select 7" } } } },
    { op = "postgres.end_session", fault = { "policy", "the policy does not allow postgres.end_session database=main" } },
  },
  expect = { look = "ok", page = "not run", ["end"] = "failed" },
  fault  = { ["end"] = "does not allow" },
}
