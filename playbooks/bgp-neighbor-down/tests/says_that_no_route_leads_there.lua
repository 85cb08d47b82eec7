return {
  inputs = { neighbor = "192.0.2.1" },
  ops = {
    { op = "route.get",      result = { reachable = false, error = "Network is unreachable" } },
  },
  chaos    = true,
  expect   = { look = "ok", page = "ok" },
  notified = { page = "BGP neighbour 192.0.2.1 of rehearsal is down; no route leads there: look at the link and at what should announce it. Clear or drain nothing before that is known" },
}
