return {
  inputs = { slot = "standby_2" },
  ops = {
    { op = "postgres.replication", args = { database = "main", slot = "standby_2" }, result = { role = "primary", senders = {}, more = false, slots = {  } } },
  },
  expect = { look = "failed", agree = "not run", drop = "not run" },
  fault  = { look = "no replication slot 'standby_2'" },
}
