return {
  inputs = { server = "192.0.2.1", witness = "192.0.2.2" },
  ops = {
    { op = "ntp.offset", args = { address = "192.0.2.1" }, result = { offset_ms = 90000 } },
    { op = "ntp.offset", args = { address = "192.0.2.1" }, result = { offset_ms = 90001 } },
    { op = "ntp.offset", args = { address = "192.0.2.1" }, result = { offset_ms = 90002 } },
    { op = "ntp.offset", args = { address = "192.0.2.2" }, result = { offset_ms = 90001 } },
    { op = "ntp.offset", args = { address = "192.0.2.2" }, result = { offset_ms = 90002 } },
    { op = "ntp.offset", args = { address = "192.0.2.2" }, result = { offset_ms = 90003 } },
  },
  people = { agree = "no" },
  expect = { look = "ok", page = "ok", agree = "failed", step = "not run", restart = "not run" },
}
