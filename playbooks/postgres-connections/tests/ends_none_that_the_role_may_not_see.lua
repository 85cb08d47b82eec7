return {
  inputs = { least = 1 },
  ops = {
    { op = "postgres.sessions", args = { database = "main", state = "in-transaction", longer_than_s = 300 },
      result = { most = 97, reserved = 3, more = false, clients = { { client = "192.0.2.5", user = "shop", sessions = 80 } }, states = { { state = "", sessions = 90 } }, sessions = {} } },
  },
  expect   = { look = "ok", page = "ok", ["end"] = "skipped" },
  notified = { page = "90 of 97 connections to PostgreSQL on rehearsal are taken, of which only 0 are forgotten as far as its role sees, which may not see 90: it is not of pg_monitor; shop from 192.0.2.5 has 80: its clients need a pool, or it more slots" },
}
