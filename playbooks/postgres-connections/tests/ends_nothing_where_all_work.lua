return {
  ops = {
    { op = "process.list", args = { name = "postgres" }, result = { processes = { { pid = 5, name = "postgres", command = "/usr/lib/postgresql/15/bin/postgres -D /var/lib/postgresql/15/main" } }, left_out = 0 } },
    { op = "host.cpu", args = { seconds = 20 }, result = { busy_percent = 3 } },
    { op = "process.list", args = { name = "postgres" }, result = { processes = { { pid = 5, name = "postgres", command = "/usr/lib/postgresql/15/bin/postgres -D /var/lib/postgresql/15/main" } }, left_out = 0 } },
    { op = "host.cpu", args = { seconds = 20 }, result = { busy_percent = 3 } },
    { op = "process.list", args = { name = "postgres" }, result = { processes = { { pid = 5, name = "postgres", command = "/usr/lib/postgresql/15/bin/postgres -D /var/lib/postgresql/15/main" } }, left_out = 0 } },
  },
  expect = { look = "ok", page = "ok", ["end"] = "skipped" },
  notified = { page = "1 connections to PostgreSQL on rehearsal, of which only 0 are forgotten: its clients need a pool, or it more slots" },
}
