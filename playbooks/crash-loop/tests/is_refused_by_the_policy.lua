return {
  inputs = { unit = "web.service" },
  ops = {
    { op = "unit.status", args = { unit = "web.service" }, result = { active = "activating", restarts = 3, exit_status = 1 } },
    { op = "host.cpu", args = { seconds = 20 }, result = { busy_percent = 5 } },
    { op = "host.cpu", args = { seconds = 20 }, result = { busy_percent = 5 } },
    { op = "host.cpu", args = { seconds = 20 }, result = { busy_percent = 5 } },
    { op = "unit.status", args = { unit = "web.service" }, result = { active = "activating", restarts = 12, exit_status = 1 } },
    { op = "journal.query", args = { unit = "web.service", count = 20 }, result = { entries = { { text = "unknown directive" }, { text = "starting" } } } },
    { op = "unit.stop", fault = { "policy", "the policy does not name the unit 'web.service'" } },
  },
  people = { agree = "yes" },
  expect = { look = "ok", page = "ok", agree = "ok", restore = "failed", stopped = "ok" },
  fault  = { restore = "does not name" },
}
