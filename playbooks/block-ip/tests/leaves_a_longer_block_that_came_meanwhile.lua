return {
  inputs = { source = "192.0.2.7", seconds = 600 },
  ops = {
    { op = "firewall.view",  result = { blocked = true, expires_s = 20 } },
    { op = "firewall.view",  result = { blocked = true, expires_s = 20 } },
    { op = "firewall.block", result = { source = "192.0.2.7", blocked = true } },
    { op = "firewall.view",  fault = { "timeout", "nft does not answer" } },
    { op = "firewall.view",  result = { blocked = true, expires_s = 3000 } },
  },
  expect = { look = "ok", block = "undone" },
}
