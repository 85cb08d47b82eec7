return {
  inputs = { unit = "postgresql.service", primary = "192.0.2.10" },
  ops = {
    { op = "postgres.replication", fault = { "unreachable", "the server in '/run/postgresql' does not let role 'tocsin' in: No such file" } },
  },
  expect = { look = "failed", agree = "not run", restart = "not run" },
}
