return {
  inputs = { journal_bytes = 50000000 },
  ops = {
    { op = "disk.usage",    args = { path = "/" }, result = { path = "/", used_percent = 93 } },
    { op = "disk.largest",  result = { { path = "/var/log/a.1", bytes = 900 } } },
    { op = "package.clean", result = { files = 212, freed_bytes = 700000000 } },
    { op = "disk.usage",    result = { used_percent = 71 } },
    { op = "disk.usage",    result = { used_percent = 71 } },
    { op = "disk.usage",    result = { used_percent = 71 } },
  },
  chaos = true,
  expect = { usage = "ok", free = "ok" },
  output = { free = { freed_bytes = 700000000, removed = 0, kept = 0, files = {} } },
}
