return {
  inputs = { server = "192.0.2.1", witness = "192.0.2.2" },
  ops = {
    { op = "ntp.offset", args = { address = "192.0.2.1" }, result = { offset_ms = 200 } },
    { op = "ntp.offset", args = { address = "192.0.2.1" }, result = { offset_ms = 200 } },
    { op = "ntp.offset", args = { address = "192.0.2.1" }, result = { offset_ms = 200 } },
    { op = "ntp.offset", fault = { "timeout", "192.0.2.2 did not answer" } },
  },
  expect = { look = "failed", restart = "not run", page = "ok" },
  fault  = { look = "192.0.2.2 did not answer" },
}
