return {
  ops = {
    { op = "postgres.sessions", fault = { "denied", "the server in '/run/postgresql' does not let role 'tocsin' in: remaining connection slots are reserved" } },
  },
  expect = { look = "failed", page = "not run", ["end"] = "not run" },
  fault  = { look = "remaining connection slots" },
}
