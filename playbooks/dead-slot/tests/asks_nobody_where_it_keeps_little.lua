return {
  inputs = { slot = "standby_2" },
  ops = {
    { op = "postgres.replication", args = { database = "main", slot = "standby_2" }, result = { role = "primary", senders = {}, more = false, slots = { { slot = "standby_2", kind = "physical", active = false, temporary = false, kept_bytes = 1000, status = "extended" } } } },
    { op = "host.cpu", args = { seconds = 10 }, result = { busy_percent = 3 } },
    { op = "postgres.replication", args = { database = "main", slot = "standby_2" }, result = { role = "primary", senders = {}, more = false, slots = { { slot = "standby_2", kind = "physical", active = false, temporary = false, kept_bytes = 1000, status = "extended" } } } },
  },
  expect = { look = "failed", agree = "not run", drop = "not run" },
  fault  = { look = "keeps 1000 bytes" },
}
