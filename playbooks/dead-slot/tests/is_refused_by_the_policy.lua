return {
  inputs = { slot = "standby_2" },
  ops = {
    { op = "postgres.replication", args = { database = "main", slot = "standby_2" }, result = { role = "primary", senders = {}, more = false, slots = { { slot = "standby_2", kind = "physical", active = false, temporary = false, kept_bytes = 2000000000, status = "extended" } } } },
    { op = "host.cpu", args = { seconds = 10 }, result = { busy_percent = 3 } },
    { op = "postgres.replication", args = { database = "main", slot = "standby_2" }, result = { role = "primary", senders = {}, more = false, slots = { { slot = "standby_2", kind = "physical", active = false, temporary = false, kept_bytes = 2000000000, status = "extended" } } } },
    { op = "postgres.drop_slot", args = { database = "main", slot = "standby_2", kept_bytes = 1073741824 }, fault = { "policy", "the policy does not allow postgres.drop_slot slot=standby_2" } },
  },
  people = { agree = "yes" },
  expect = { look = "ok", agree = "ok", drop = "failed" },
  fault  = { drop = "does not allow" },
}
