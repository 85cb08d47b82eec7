return {
  inputs = { source = "192.0.2.0/25" },
  ops = {
    { op = "firewall.view",    result = { blocked = false, expires_s = 0 } },
    { op = "firewall.view",  result = { blocked = false, expires_s = 0 } },
    { op = "firewall.block",   result = { source = "192.0.2.0/25", blocked = true } },
    { op = "firewall.view",    result = { blocked = false, expires_s = 0 } },
    { op = "firewall.view",  result = { blocked = false, expires_s = 0 } },
    { op = "firewall.unblock", args = { source = "192.0.2.0/25" }, result = { source = "192.0.2.0/25", blocked = false } },
  },
  expect = { look = "ok", block = "undone" },
}
