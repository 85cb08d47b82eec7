return {
  inputs = { source = "192.0.2.7" },
  ops = {
    { op = "firewall.list",    result = { blocks = {} } },
    { op = "firewall.block",   result = { source = "192.0.2.7", blocked = true } },
    { op = "firewall.list",    result = { blocks = {} } },
    { op = "firewall.unblock", args = { source = "192.0.2.7" }, result = { source = "192.0.2.7", blocked = false } },
  },
  expect = { look = "ok", block = "undone" },
}
