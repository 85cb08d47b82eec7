return {
  inputs = { unit = "nginx.service" },
  ops = {
    { op = "unit.status",       args = { unit = "nginx.service" }, result = { unit = "nginx.service", active = "failed", state = "enabled", result = "exit-code", restarts = 5 } },
    { op = "journal.query",     args = { unit = "nginx.service", count = 20 }, result = { entries = { { at = 2, text = "bind: address in use" }, { at = 1, text = "starting" } } } },
  },
  expect   = { look = "ok", page = "ok", start = "skipped" },
  notified = { page = "nginx.service on rehearsal failed (exit-code), after systemd started it 5 times again; it is not started; it said last: bind: address in use" },
}
