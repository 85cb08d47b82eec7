return {
  inputs = { server = "192.0.2.1", witness = "192.0.2.2" },
  ops = {
    { op = "ntp.offset", args = { address = "192.0.2.1" }, result = { offset_ms = 90000 } },
    { op = "ntp.offset", args = { address = "192.0.2.1" }, result = { offset_ms = 90001 } },
    { op = "ntp.offset", args = { address = "192.0.2.1" }, result = { offset_ms = 90002 } },
    { op = "ntp.offset", args = { address = "192.0.2.2" }, result = { offset_ms = 1 } },
    { op = "ntp.offset", args = { address = "192.0.2.2" }, result = { offset_ms = 2 } },
    { op = "ntp.offset", args = { address = "192.0.2.2" }, result = { offset_ms = 3 } },
  },
  fault  = { look = "the servers disagree: 90000 ms and 1 ms" },
  expect = { look = "failed", page = "not run", agree = "not run", step = "not run", restart = "not run" },
}
