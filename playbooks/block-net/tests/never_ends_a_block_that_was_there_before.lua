return {
  inputs = { source = "192.0.2.0/25" },
  ops = {
    { op = "firewall.view",  result = { blocked = true, expires_s = 20 } },
    { op = "firewall.block", result = { source = "192.0.2.0/25", blocked = true } },
    { op = "firewall.view",  fault = { "timeout", "nft does not answer" } },
  },
  expect = { look = "ok", block = "undone" },
}
