return {
  inputs = { source = "192.0.2.7" },
  ops = {
    { op = "firewall.list",  result = { blocks = { { source = "192.0.2.7", expires_s = 20 } } } },
    { op = "firewall.block", result = { source = "192.0.2.7", blocked = true } },
    { op = "firewall.list",  fault = { "timeout", "nft does not answer" } },
  },
  expect = { look = "ok", block = "undone" },
}
