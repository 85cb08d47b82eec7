return {
  inputs = { source = "192.0.2.7", seconds = 600 },
  ops = {
    { op = "firewall.list",  result = { blocks = { { source = "198.51.100.1", expires_s = 9 } } } },
    { op = "firewall.block", args = { source = "192.0.2.7", seconds = 600 }, result = { source = "192.0.2.7", blocked = true } },
    { op = "firewall.list",  result = { blocks = { { source = "192.0.2.7", expires_s = 600 } } } },
  },
  answers = { ["firewall.unblock"] = { source = "192.0.2.7", blocked = false } },
  chaos  = true,
  expect = { look = "ok", block = "ok" },
}
