return {
  inputs = { unit = "nginx.service" },
  ops = {
    { op = "unit.status",       args = { unit = "nginx.service" }, result = { unit = "nginx.service", active = "failed", state = "enabled", result = "exit-code", restarts = 1 } },
    { op = "journal.query",     args = { unit = "nginx.service", count = 20 }, result = { entries = { { at = 2, text = "bind: address in use" }, { at = 1, text = "starting" } } } },
    { op = "unit.reset_failed", args = { unit = "nginx.service" }, result = { unit = "nginx.service", active = "inactive" } },
    { op = "unit.start",        args = { unit = "nginx.service" }, result = { unit = "nginx.service", active = "active" } },
    { op = "unit.status",       args = { unit = "nginx.service" }, result = { unit = "nginx.service", active = "active", state = "enabled", result = "exit-code", restarts = 1 } },
    { op = "host.cpu",          args = { seconds = 20 }, result = { busy_percent = 4 } },
    { op = "unit.status",       args = { unit = "nginx.service" }, result = { unit = "nginx.service", active = "failed", state = "enabled", result = "exit-code", restarts = 1 } },
  },
  expect = { look = "ok", page = "skipped", start = "failed" },
  fault  = { start = "nginx.service is failed (exit-code)" },
}
