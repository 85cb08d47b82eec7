return {
  inputs = { server = "192.0.2.1", witness = "192.0.2.2" },
  ops = {
    { op = "ntp.offset", args = { address = "192.0.2.1" }, result = { offset_ms = 900 } },
    { op = "ntp.offset", args = { address = "192.0.2.1" }, result = { offset_ms = 3 } },
    { op = "ntp.offset", args = { address = "192.0.2.1" }, result = { offset_ms = 2 } },
    { op = "ntp.offset", args = { address = "192.0.2.2" }, result = { offset_ms = 1 } },
    { op = "ntp.offset", args = { address = "192.0.2.2" }, result = { offset_ms = 2 } },
    { op = "ntp.offset", args = { address = "192.0.2.2" }, result = { offset_ms = 3 } },
  },
  expect = { look = "ok", restart = "skipped", page = "not run" },
}
