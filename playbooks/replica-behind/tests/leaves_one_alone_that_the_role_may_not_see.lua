return {
  ops = {
    { op = "postgres.replication", args = { database = "main" }, result = { role = "replica", senders = {}, slots = {}, more = false, unreplayed_bytes = 90000000, replayed_bytes = 700000000, replay_paused = false, receiver = { status = "", host = "", slot = "" } } },
  },
  expect = { look = "failed", cancel = "not run" },
  fault  = { look = "not of pg_monitor" },
}
