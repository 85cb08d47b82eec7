return {
  inputs = { unit = "postgresql.service", primary = "192.0.2.10" },
  ops = {
    { op = "process.list",    args = { name = "postgres" }, result = { processes = { { pid = 5, name = "postgres", command = "postgres: 15/main: walreceiver " } }, left_out = 0 } },
    { op = "host.cpu",        args = { seconds = 10 }, result = { busy_percent = 3 } },
    { op = "process.list",    args = { name = "postgres" }, result = { processes = { { pid = 5, name = "postgres", command = "postgres: 15/main: walreceiver " } }, left_out = 0 } },
    { op = "net.tcp",         args = { address = "192.0.2.10", port = 5432, timeout_ms = 3000 }, result = { connected = true, milliseconds = 1 } },
    { op = "disk.usage",      args = { path = "/var/lib/postgresql" }, result = { used_percent = 40 } },
  },
  expect = { look = "failed", agree = "not run", restart = "not run" },
  fault  = { look = "it receives from its primary" },
}
