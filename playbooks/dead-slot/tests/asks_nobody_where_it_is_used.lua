return {
  inputs = { slot = "standby_2" },
  ops = {
    { op = "postgres.replication", args = { database = "main", slot = "standby_2" }, result = { role = "primary", senders = {}, more = false, slots = { { slot = "standby_2", kind = "physical", active = true, temporary = false, kept_bytes = 2000000000, status = "extended" } } } },
  },
  expect = { look = "failed", agree = "not run", drop = "not run" },
  fault  = { look = "is in use" },
}
