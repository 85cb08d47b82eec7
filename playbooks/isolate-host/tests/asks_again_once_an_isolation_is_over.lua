-- The rules of the last one stand there still, and hold nobody.
return {
  ops = {
    { op = "user.sessions", result = { sessions = {} } },
    { op = "conntrack.count", result = { tracked = false, top = {} } },
    { op = "firewall.list", result = { rules = { { table = "tocsin", chain = "isolate_out" } }, isolated_s = 0 } },
  },
  people = { agree = "no" },
  expect = { look = "ok", page = "ok", agree = "failed", isolate = "not run" },
}
