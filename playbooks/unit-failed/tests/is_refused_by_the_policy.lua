return {
  inputs = { unit = "nginx.service" },
  ops = {
    { op = "unit.status",       args = { unit = "nginx.service" }, result = { unit = "nginx.service", active = "failed", state = "enabled", result = "exit-code", restarts = 0 } },
    { op = "journal.query",     args = { unit = "nginx.service", count = 20 }, result = { entries = { { at = 2, text = "bind: address in use" }, { at = 1, text = "starting" } } } },
    { op = "unit.reset_failed", fault = { "policy", "the policy does not allow unit.reset_failed unit=nginx.service" } },
  },
  expect = { look = "ok", page = "skipped", start = "failed" },
  fault  = { start = "does not allow" },
}
