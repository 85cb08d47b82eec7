return {
  ops = {
    { op = "postgres.replication", args = { database = "main" }, result = { role = "replica", senders = {}, slots = {}, more = false, receiver = { status = "streaming", host = "192.0.2.10", slot = "" }, unreplayed_bytes = 90000000, replayed_bytes = 700000000, replayed = 1790000000000, replay_paused = false } },
    { op = "host.cpu", args = { seconds = 10 }, result = { busy_percent = 3 } },
    { op = "postgres.replication", args = { database = "main" }, result = { role = "replica", senders = {}, slots = {}, more = false, receiver = { status = "streaming", host = "192.0.2.10", slot = "" }, unreplayed_bytes = 90001000, replayed_bytes = 700000000, replayed = 1790000000000, replay_paused = false } },
    { op = "postgres.sessions", args = { database = "main", state = "active", longer_than_s = 300 }, result = { most = 97, reserved = 3, states = {}, more = false, sessions = {  } } },
  },
  expect = { look = "failed", cancel = "not run" },
  fault  = { look = "no query has run for 300 s" },
}
