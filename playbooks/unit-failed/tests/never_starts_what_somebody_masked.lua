return {
  inputs = { unit = "nginx.service" },
  ops = {
    { op = "unit.status",       args = { unit = "nginx.service" }, result = { unit = "nginx.service", active = "failed", state = "masked", result = "exit-code", restarts = 0 } },
    { op = "journal.query",     args = { unit = "nginx.service", count = 20 }, result = { entries = { { at = 2, text = "bind: address in use" }, { at = 1, text = "starting" } } } },
  },
  expect   = { look = "ok", page = "ok", start = "skipped" },
}
