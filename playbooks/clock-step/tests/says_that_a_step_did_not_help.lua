return {
  inputs = { server = "192.0.2.1", witness = "192.0.2.2" },
  ops = {
    { op = "ntp.offset", args = { address = "192.0.2.1" }, result = { offset_ms = 90000 } },
    { op = "ntp.offset", args = { address = "192.0.2.1" }, result = { offset_ms = 90001 } },
    { op = "ntp.offset", args = { address = "192.0.2.1" }, result = { offset_ms = 90002 } },
    { op = "ntp.offset", args = { address = "192.0.2.2" }, result = { offset_ms = 90001 } },
    { op = "ntp.offset", args = { address = "192.0.2.2" }, result = { offset_ms = 90002 } },
    { op = "ntp.offset", args = { address = "192.0.2.2" }, result = { offset_ms = 90003 } },
    { op = "clock.step", args = { address = "192.0.2.1", most_ms = 3600000, least_ms = 50 }, result = { offset_ms = 90003, delay_ms = 2, stepped = true } },
    { op = "ntp.offset", args = { address = "192.0.2.2" }, result = { offset_ms = 90000 } },
  },
  people = { agree = "yes" },
  fault  = { step = "the clock is wrong by 90000 ms still" },
  expect = { look = "ok", page = "ok", agree = "ok", step = "failed", restart = "not run" },
}
