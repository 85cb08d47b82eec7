return {
  inputs = { path = "/srv/www/x.php", url = "http://127.0.0.1/x.php", source = "192.0.2.7" },
  ops = {
    { op = "file.stat", args = { path = "/srv/www/x.php" }, result = { user = "www-data", mode = "0644", modified = 5 } },
    { op = "file.hash", args = { path = "/srv/www/x.php" }, result = { sha256 = "abababababababababababababababababababababababababababababababab", bytes = 9 } },
    { op = "process.tree", args = { pid = 1 }, result = { processes = { { id = "a-1", pid = 1, user = "root", name = "init" }, { id = "a-9", pid = 9, user = "www-data", name = "sh", command = "sh -i" } }, left_out = 0 } },
    { op = "http.probe", args = { url = "http://127.0.0.1/x.php" }, result = { status = 200 } },
  },
  people = { agree = "no" },
  expect = { look = "ok", page = "ok", agree = "failed", block = "not run", quarantine = "not run" },
}
