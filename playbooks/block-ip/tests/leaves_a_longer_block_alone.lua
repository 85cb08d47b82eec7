return {
  inputs = { source = "192.0.2.7", seconds = 600 },
  ops    = { { op = "firewall.list", result = { blocks = { { source = "192.0.2.7", expires_s = 3000 } } } } },
  expect = { look = "ok", block = "skipped" },
}
