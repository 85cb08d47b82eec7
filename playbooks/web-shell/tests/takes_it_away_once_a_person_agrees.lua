return {
  inputs = { path = "/srv/www/x.php", url = "http://127.0.0.1/x.php", source = "192.0.2.7" },
  ops = {
    { op = "file.stat", args = { path = "/srv/www/x.php" }, result = { user = "www-data", mode = "0644", modified = 5 } },
    { op = "file.hash", args = { path = "/srv/www/x.php" }, result = { sha256 = "abababababababababababababababababababababababababababababababab", bytes = 9 } },
    { op = "process.tree", args = { pid = 1 }, result = { processes = { { id = "a-1", pid = 1, user = "root", name = "init" }, { id = "a-9", pid = 9, user = "www-data", name = "sh", command = "sh -i" } }, left_out = 0 } },
    { op = "http.probe", args = { url = "http://127.0.0.1/x.php" }, result = { status = 200 } },
    { op = "firewall.block", args = { source = "192.0.2.7", seconds = 86400 }, result = { source = "192.0.2.7", blocked = true } },
    { op = "firewall.view", result = { blocked = true, expires_s = 86399 } },
    { op = "file.hash", args = { path = "/srv/www/x.php" }, result = { sha256 = "abababababababababababababababababababababababababababababababab", bytes = 9 } },
    { op = "file.quarantine", args = { path = "/srv/www/x.php" }, result = { id = "q-1", sha256 = "abababababababababababababababababababababababababababababababab" } },
    { op = "file.stat", fault = { "not-found", "'/srv/www/x.php' is not there" } },
    { op = "http.probe", args = { url = "http://127.0.0.1/x.php" }, result = { status = 404 } },
  },
  people = { agree = "yes" },
  chaos  = true,
  expect = { look = "ok", page = "ok", agree = "ok", block = "ok", quarantine = "ok" },
  notified = { page = "/srv/www/x.php on rehearsal may be a web shell: it is www-data's, is served with status 200, and 1 shells run as www-data; see what look gave, then say whether to take it away" },
}
