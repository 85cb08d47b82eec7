return {
  ops = {
    { op = "postgres.sessions", args = { database = "main", state = "in-transaction", longer_than_s = 300 },
      result = { most = 97, reserved = 3, more = false, clients = { { client = "192.0.2.5", user = "shop", sessions = 80 } }, states = { { state = "idle in transaction", sessions = 2 }, { state = "active", sessions = 90 } },
        sessions = { { pid = 70, started = 1790000000070, user = "shop", client = "192.0.2.5", state = "idle in transaction", query = "select 7" }, { pid = 71, started = 1790000000071, user = "shop", client = "192.0.2.5", state = "idle in transaction", query = "select 7" } } } },
  },
  expect = { look = "ok", page = "ok", ["end"] = "skipped" },
  notified = { page = "92 of 97 connections to PostgreSQL on rehearsal are taken, of which only 2 are forgotten; shop from 192.0.2.5 has 80: its clients need a pool, or it more slots" },
}
