-- A bridge has its ports hear everything: that is its work.
return {
  inputs = { link = "eth0" },
  ops = {
    { op = "link.view",     args = { link = "eth0" }, result = { name = "eth0", promiscuous = true, master = "br0" } },
    { op = "process.tree",  args = { pid = 1 }, result = { processes = { { id = "a-1", pid = 1, name = "init" }, { id = "a-9", pid = 9, name = "sniff" } } } },
    { op = "file.setuid",   args = { path = "/usr", count = 100 }, result = { files = { { path = "/usr/bin/su", user = "root" } } } },
    { op = "user.sessions", result = { sessions = { { user = "ana", from = "192.0.2.9" } } } },
  },
  expect = { look = "failed", page = "not run", agree = "not run", isolate = "not run" },
  fault  = { look = "eth0 belongs to br0, which has it hear everything" },
}
