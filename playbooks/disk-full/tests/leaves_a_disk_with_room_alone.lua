return {
  ops = { { op = "disk.usage", args = { path = "/" }, result = { path = "/", used_percent = 80 } } },
  expect = { usage = "ok", free = "skipped" },
}
