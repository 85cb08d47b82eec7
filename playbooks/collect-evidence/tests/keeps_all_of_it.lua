-- What is gone meanwhile says so, and the rest is kept.
return {
  inputs = { folder = "/tmp" },
  ops = {
    { op = "process.tree",  result = { processes = { { id = "a-1", pid = 1, name = "init" } } } },
    { op = "process.files", args = { deleted = true }, result = { files = { { pid = 9, path = "/tmp/.x", deleted = true } } } },
    { op = "conntrack.count", args = { top = 50 }, result = { tracked = true, count = 3, top = { { address = "192.0.2.7", count = 2 } } } },
    { op = "link.list",     result = { links = { { name = "eth0", up = true } } } },
    { op = "route.list",    result = { routes = { { to = "0.0.0.0/0", via = "192.0.2.1" } } } },
    { op = "user.sessions", result = { sessions = { { user = "ana", from = "192.0.2.9" } } } },
    { op = "user.failures", args = { count = 50 }, result = { failures = {} } },
    { op = "user.list",     result = { users = { { name = "ana", shell = "/bin/sh" } } } },
    { op = "cron.list",     result = { jobs = { { file = "/etc/crontab", user = "root", command = "true" } } } },
    { op = "host.uptime",   result = { boot = "b-1", kernel = "6.1", since = 604800000, uptime_ms = 5000 } },
    { op = "disk.mounts",   result = { mounts = { { path = "/", type = "ext4" } } } },
    { op = "file.find",     args = { path = "/tmp", kind = "file", count = 50, newer_than = 5000 }, result = { files = { { path = "/tmp/a", bytes = 3 }, { path = "/tmp/b", bytes = 4 } } } },
    { op = "file.hash",     args = { path = "/tmp/a" }, result = { path = "/tmp/a", sha256 = "aa" } },
    { op = "file.hash",     args = { path = "/tmp/b" }, fault = { "not-found", "no such file" } },
  },
  chaos  = true,
  expect = { processes = "ok", network = "ok", people = "ok", files = "ok" },
  output = { files = { boot = "b-1", kernel = "6.1", mounts = { { path = "/", type = "ext4" } },
    files = { { path = "/tmp/a", bytes = 3, sha256 = "aa" }, { path = "/tmp/b", bytes = 4, sha256 = "no such file" } } } },
}
