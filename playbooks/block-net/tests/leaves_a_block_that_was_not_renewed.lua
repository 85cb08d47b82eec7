return {
  inputs = { source = "192.0.2.0/25", seconds = 600 },
  ops = {
    { op = "firewall.view",  result = { blocked = true, expires_s = 20 } },
    { op = "firewall.view",  result = { blocked = true, expires_s = 20 } },
    { op = "firewall.block", fault = { "timeout", "nft does not answer" } },
    { op = "firewall.view",  result = { blocked = true, expires_s = 8 } },
  },
  expect = { look = "ok", block = "undone" },
}
