return {
  inputs = { link = "eth0" },
  ops = {
    { op = "link.view",     args = { link = "eth0" }, result = { name = "eth0", promiscuous = true } },
    { op = "process.tree",  args = { pid = 1 }, result = { processes = { { id = "a-1", pid = 1, name = "init" }, { id = "a-9", pid = 9, name = "sniff" } } } },
    { op = "file.setuid",   args = { path = "/usr", count = 100 }, result = { files = { { path = "/usr/bin/su", user = "root" } } } },
    { op = "user.sessions", result = { sessions = { { user = "ana", from = "192.0.2.9" } } } },
    { op = "host.isolate",  args = { seconds = 14400 }, result = { isolated = true, brokers = 1 } },
    { op = "firewall.list", result = { isolated_s = 600 } },
  },
  people   = { agree = "yes" },
  answers  = { ["host.release"] = { isolated = false } },
  chaos    = true,
  expect   = { look = "ok", page = "ok", agree = "ok", isolate = "ok" },
  notified = { page = "eth0 on rehearsal hears all traffic, 2 processes run and 1 sessions are open: see what look gave, then say whether to cut it off" },
}
