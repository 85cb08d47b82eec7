return {
  inputs = { least = 1 },
  ops = {
    { op = "postgres.sessions", args = { database = "main", state = "in-transaction", longer_than_s = 300 },
      result = { most = 97, reserved = 3, more = false, clients = { { client = "192.0.2.5", user = "shop", sessions = 80 } }, states = { { state = "", sessions = 90 } }, sessions = { { pid = 70, user = "shop", state = "", query = "" } } } },
  },
  expect = { look = "ok", page = "ok", ["end"] = "skipped" },
}
