-- FRR's `show logging` tells where it logs to, and no line of it.
return {
  inputs = { device = "edge1", interface = "wan0" },
  ops = {
    { op = "device.interface", args = { device = "edge1", interface = "wan0" }, result = { up = true, shut = false } },
    { op = "device.show", args = { device = "edge1", what = "log" }, result = { lines = { "Logging configuration for zebra" }, more = false } },
    { op = "device.show", args = { device = "edge1", what = "interfaces" }, result = { data = { wan0 = { administrativeStatus = "up", linkUps = 3, linkDowns = 2 } }, more = false } },
    { op = "link.neighbours", result = { neighbours = {}, more = false } },
  },
  people   = { agree = "no" },
  expect   = { look = "ok", page = "ok", agree = "failed", shut = "not run", remind = "not run" },
  output   = { look = { up = true, shut = false, said = {}, downs = 2 } },
  notified = { page = "wan0 of edge1 goes up and down, it is up now; the device's last word of it: it went down 2 times. Say whether it is shut" },
}
