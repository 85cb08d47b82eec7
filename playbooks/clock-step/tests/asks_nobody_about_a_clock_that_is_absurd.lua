return {
  inputs = { server = "192.0.2.1", witness = "192.0.2.2" },
  ops = {
    { op = "ntp.offset", args = { address = "192.0.2.1" }, result = { offset_ms = 90000000 } },
    { op = "ntp.offset", args = { address = "192.0.2.1" }, result = { offset_ms = 90000001 } },
    { op = "ntp.offset", args = { address = "192.0.2.1" }, result = { offset_ms = 90000002 } },
    { op = "ntp.offset", args = { address = "192.0.2.2" }, result = { offset_ms = 90000001 } },
    { op = "ntp.offset", args = { address = "192.0.2.2" }, result = { offset_ms = 90000002 } },
    { op = "ntp.offset", args = { address = "192.0.2.2" }, result = { offset_ms = 90000003 } },
  },
  fault  = { look = "see why before anything sets it" },
  expect = { look = "failed", page = "not run", agree = "not run", step = "not run", restart = "not run" },
}
