return {
  inputs = { server = "192.0.2.1", witness = "192.0.2.2" },
  ops = {
    { op = "ntp.offset", args = { address = "192.0.2.1" }, result = { offset_ms = 300 } },
    { op = "ntp.offset", args = { address = "192.0.2.1" }, result = { offset_ms = 301 } },
    { op = "ntp.offset", args = { address = "192.0.2.1" }, result = { offset_ms = 302 } },
    { op = "ntp.offset", args = { address = "192.0.2.2" }, result = { offset_ms = 301 } },
    { op = "ntp.offset", args = { address = "192.0.2.2" }, result = { offset_ms = 302 } },
    { op = "ntp.offset", args = { address = "192.0.2.2" }, result = { offset_ms = 303 } },
  },
  fault  = { look = "the clock is wrong by 300 ms alone" },
  expect = { look = "failed", page = "not run", agree = "not run", step = "not run", restart = "not run" },
}
