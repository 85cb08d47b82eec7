return {
  inputs = { unit = "postgresql.service", primary = "192.0.2.10" },
  ops = {
    { op = "postgres.replication", args = { database = "main" }, result = { role = "replica", senders = {}, slots = {}, more = false, receiver = { status = "", host = "", slot = "" } } },
  },
  expect = { look = "failed", agree = "not run", restart = "not run" },
  fault  = { look = "not of pg_monitor" },
}
