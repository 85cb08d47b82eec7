return {
  inputs = { server = "192.0.2.1", witness = "192.0.2.2" },
  ops = {
    { op = "ntp.offset", args = { address = "192.0.2.1" }, result = { offset_ms = 90000 } },
    { op = "ntp.offset", args = { address = "192.0.2.1" }, result = { offset_ms = 90001 } },
    { op = "ntp.offset", args = { address = "192.0.2.1" }, result = { offset_ms = 90002 } },
    { op = "ntp.offset", args = { address = "192.0.2.2" }, result = { offset_ms = 90001 } },
    { op = "ntp.offset", args = { address = "192.0.2.2" }, result = { offset_ms = 90002 } },
    { op = "ntp.offset", args = { address = "192.0.2.2" }, result = { offset_ms = 90003 } },
    { op = "clock.step", fault = { "policy", "the policy does not allow it" } },
  },
  people = { agree = "yes" },
  expect = { look = "ok", page = "ok", agree = "ok", step = "failed", restart = "not run" },
}
