return {
  ops = {
    { op = "postgres.replication", args = { database = "main" }, result = { role = "primary", senders = {}, slots = {}, more = false, unreplayed_bytes = 0, replayed_bytes = 700000000, replayed = 1790000000000, replay_paused = false } },
  },
  expect = { look = "failed", cancel = "not run" },
  fault  = { look = "it is one" },
}
