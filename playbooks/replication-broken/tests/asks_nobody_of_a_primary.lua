return {
  inputs = { unit = "postgresql.service", primary = "192.0.2.10" },
  ops = {
    { op = "postgres.replication", result = { role = "primary", senders = {}, slots = {}, more = false } },
  },
  expect = { look = "failed", agree = "not run", restart = "not run" },
  fault  = { look = "it is one" },
}
