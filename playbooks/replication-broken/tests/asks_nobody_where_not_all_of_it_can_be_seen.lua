return {
  inputs = { unit = "postgresql.service", primary = "192.0.2.10" },
  ops = {
    { op = "process.list", result = { processes = { { pid = 5, name = "postgres", command = "postgres: 15/main: startup" } }, left_out = 12 } },
  },
  expect = { look = "failed", agree = "not run", restart = "not run" },
  fault  = { look = "more processes than can be looked at" },
}
