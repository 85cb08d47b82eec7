return {
  inputs = { server = "192.0.2.1", witness = "192.0.2.2" },
  ops = {
    { op = "ntp.offset", args = { address = "192.0.2.1" }, result = { offset_ms = 5000 } },
    { op = "ntp.offset", args = { address = "192.0.2.1" }, result = { offset_ms = 5001 } },
    { op = "ntp.offset", args = { address = "192.0.2.1" }, result = { offset_ms = 5002 } },
    { op = "ntp.offset", args = { address = "192.0.2.2" }, result = { offset_ms = 5000 } },
    { op = "ntp.offset", args = { address = "192.0.2.2" }, result = { offset_ms = 5001 } },
    { op = "ntp.offset", args = { address = "192.0.2.2" }, result = { offset_ms = 5002 } },
  },
  expect   = { look = "failed", restart = "not run", page = "ok" },
  fault    = { look = "the clock is wrong by 5000 ms: whether it may be stepped is for people to say" },
  notified = { page = "the clock of rehearsal is wrong, or its time servers are: see why the run failed" },
}
