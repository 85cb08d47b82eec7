return {
  inputs = { source = "192.0.2.0/25", seconds = 600 },
  ops = {
    { op = "firewall.view", result = { blocked = true, expires_s = 20 } },
    { op = "firewall.view", result = { blocked = true, expires_s = 3000 } },
    { op = "firewall.view", result = { blocked = true, expires_s = 3000 } },
  },
  expect = { look = "ok", block = "ok" },
  output = { block = { blocked = true, before_s = 3000 } },
}
