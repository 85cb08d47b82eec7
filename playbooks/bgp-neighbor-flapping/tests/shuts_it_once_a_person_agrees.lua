return {
  inputs = { device = "edge1", neighbor = "192.0.2.1" },
  ops = {
    { op = "device.neighbour", args = { device = "edge1", neighbour = "192.0.2.1" }, result = { state = "Established", established = true, shut = false, reason = "Hold Timer Expired" } },
    { op = "device.neighbour_down", args = { device = "edge1", neighbour = "192.0.2.1" }, result = { shut = true, was_shut = false } },
    { op = "device.neighbour", args = { device = "edge1", neighbour = "192.0.2.1" }, result = { state = "Idle", established = false, shut = true, reason = "Hold Timer Expired" } },
  },
  people   = { agree = "yes" },
  answers  = { ["device.neighbour_up"] = { shut = false, was_shut = true } },
  chaos    = true,
  expect   = { look = "ok", page = "ok", agree = "ok", shut = "ok", remind = "ok" },
  notified = {
    page   = "the session of edge1 with 192.0.2.1 comes and goes: Established now, last lost by: Hold Timer Expired. Say whether the neighbour is shut",
    remind = "192.0.2.1 of edge1 is shut until somebody takes it back (device.neighbour_up), or the device starts anew",
  },
}
