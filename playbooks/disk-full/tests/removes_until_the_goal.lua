-- The largest rotated log goes first, and removing stops as soon as the goal is reached.
return {
  inputs = { mount = "/srv", goal = 80 },
  ops = {
    { op = "disk.usage",   args = { path = "/srv" }, result = { path = "/srv", used_percent = 93 } },
    { op = "disk.largest", args = { path = "/srv", rotated = true, count = 50 },
      result = { { path = "/srv/log/a.1", bytes = 900 }, { path = "/srv/log/b.1.gz", bytes = 500 }, { path = "/srv/log/c.2", bytes = 10 } } },
    { op = "disk.usage",   result = { used_percent = 93 } },
    { op = "file.remove",  args = { path = "/srv/log/a.1" }, result = { path = "/srv/log/a.1", freed_bytes = 900 } },
    { op = "disk.usage",   result = { used_percent = 85 } },
    { op = "file.remove",  args = { path = "/srv/log/b.1.gz" }, result = { path = "/srv/log/b.1.gz", freed_bytes = 500 } },
    { op = "disk.usage",   result = { used_percent = 79 } },
    { op = "disk.usage",   result = { used_percent = 79 } },
  },
  chaos = true,
  expect = { usage = "ok", free = "ok" },
  output = { free = { freed_bytes = 1400, removed = 2, kept = 0, files = { "/srv/log/a.1", "/srv/log/b.1.gz" } } },
}
