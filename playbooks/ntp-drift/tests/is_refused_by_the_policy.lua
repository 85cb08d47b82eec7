return {
  inputs = { server = "192.0.2.1", witness = "192.0.2.2" },
  ops = {
    { op = "ntp.offset", args = { address = "192.0.2.1" }, result = { offset_ms = -210 } },
    { op = "ntp.offset", args = { address = "192.0.2.1" }, result = { offset_ms = -200 } },
    { op = "ntp.offset", args = { address = "192.0.2.1" }, result = { offset_ms = -205 } },
    { op = "ntp.offset", args = { address = "192.0.2.2" }, result = { offset_ms = -203 } },
    { op = "ntp.offset", args = { address = "192.0.2.2" }, result = { offset_ms = -204 } },
    { op = "ntp.offset", args = { address = "192.0.2.2" }, result = { offset_ms = -205 } },
    { op = "service.restart", fault = { "policy", "the policy lists no service 'chrony'" } },
  },
  expect = { look = "ok", restart = "failed", page = "ok" },
  fault  = { restart = "lists no service" },
}
