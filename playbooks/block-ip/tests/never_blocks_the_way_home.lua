return {
  inputs = { source = "192.0.2.7" },
  ops = {
    { op = "firewall.list",  result = { blocks = {} } },
    { op = "firewall.block", fault = { "policy", "'192.0.2.7' holds 192.0.2.9, which is a broker" } },
  },
  expect = { look = "ok", block = "failed" },
  fault  = { block = "which is a broker" },
}
