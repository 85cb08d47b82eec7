-- Not the one with most memory, which stands first: the one whose parent is none of them.
return {
  inputs = { log = "/var/log/app/app.log", writer = "app" },
  ops = {
    { op = "file.stat",    args = { path = "/var/log/app/app.log" }, result = { bytes = 1000, inode = 5 } },
    { op = "process.list", args = { name = "app" }, result = { processes = { { pid = 300, parent = 70, name = "app" }, { pid = 7, parent = 300, name = "app" }, { pid = 90, parent = 1, name = "app" }, { pid = 70, parent = 1, name = "app" } } } },
    { op = "process.view", args = { pid = 70 }, result = { id = "a-70" } },
  },
  expect = { look = "ok", rotate = "skipped", writer = "skipped" },
  output = { look = { bytes = 1000, inode = 5, writer = "a-70" } },
}
