return {
  inputs = { source = "192.0.2.7" },
  ops = {
    { op = "firewall.view",  result = { blocked = true, expires_s = 1200 } },
    { op = "firewall.view",  result = { blocked = true, expires_s = 1200 } },
    { op = "firewall.block", result = { source = "192.0.2.7", blocked = true } },
    { op = "firewall.view",  fault = { "timeout", "nft does not answer" } },
    { op = "firewall.view",  result = { blocked = true, expires_s = 3590 } },
    { op = "firewall.block", args = { source = "192.0.2.7", seconds = 1190 }, result = { source = "192.0.2.7", blocked = true } },
  },
  expect = { look = "ok", block = "undone" },
}
