return {
  inputs = { source = "192.0.2.7", seconds = 600 },
  ops = {
    { op = "firewall.view",  result = { blocked = false, expires_s = 0 } },
    { op = "firewall.view",  result = { blocked = false, expires_s = 0 } },
    { op = "firewall.block", args = { source = "192.0.2.7", seconds = 600 }, result = { source = "192.0.2.7", blocked = true } },
    { op = "firewall.view",  result = { blocked = true, expires_s = 600 } },
  },
  answers = { ["firewall.unblock"] = { source = "192.0.2.7", blocked = false } },
  chaos  = true,
  expect = { look = "ok", block = "ok" },
}
