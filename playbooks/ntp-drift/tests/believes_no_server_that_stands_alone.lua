return {
  inputs = { server = "192.0.2.1", witness = "192.0.2.2" },
  ops = {
    { op = "ntp.offset", args = { address = "192.0.2.1" }, result = { offset_ms = 700 } },
    { op = "ntp.offset", args = { address = "192.0.2.1" }, result = { offset_ms = 700 } },
    { op = "ntp.offset", args = { address = "192.0.2.1" }, result = { offset_ms = 700 } },
    { op = "ntp.offset", args = { address = "192.0.2.2" }, result = { offset_ms = 1 } },
    { op = "ntp.offset", args = { address = "192.0.2.2" }, result = { offset_ms = 2 } },
    { op = "ntp.offset", args = { address = "192.0.2.2" }, result = { offset_ms = 3 } },
  },
  expect = { look = "failed", restart = "not run", page = "ok" },
  fault  = { look = "the servers disagree: 700 ms and 1 ms" },
}
