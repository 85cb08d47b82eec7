return {
  inputs = { unit = "postgresql.service", primary = "192.0.2.10" },
  ops = {
    { op = "postgres.replication", args = { database = "main" }, result = { role = "replica", senders = {}, slots = {}, more = false, receiver = { status = "streaming", host = "192.0.2.10", port = 5432, slot = "", silent_ms = 70000 } } },
    { op = "host.cpu",     args = { seconds = 10 }, result = { busy_percent = 3 } },
    { op = "postgres.replication", args = { database = "main" }, result = { role = "replica", senders = {}, slots = {}, more = false, receiver = { status = "streaming", host = "192.0.2.10", port = 5432, slot = "", silent_ms = 80000 } } },
    { op = "net.tcp",      args = { address = "192.0.2.10", port = 5432, timeout_ms = 3000 }, result = { connected = true, milliseconds = 1 } },
    { op = "disk.usage",   args = { path = "/var/lib/postgresql" }, result = { used_percent = 40 } },
  },
  people = { agree = "no" },
  expect = { look = "ok", agree = "failed", restart = "not run" },
}
