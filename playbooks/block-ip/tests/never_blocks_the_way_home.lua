return {
  inputs = { source = "192.0.2.7" },
  ops = {
    { op = "firewall.view",  result = { blocked = false, expires_s = 0 } },
    { op = "firewall.view",  result = { blocked = false, expires_s = 0 } },
    { op = "firewall.block", fault = { "policy", "'192.0.2.7' holds 192.0.2.9, which is a broker" } },
  },
  expect = { look = "ok", block = "failed" },
  fault  = { block = "which is a broker" },
}
