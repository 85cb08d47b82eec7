-- The reboot is refused, and what puts the machine back into service fails: nobody may take that for done.
return {
  inputs = { drain = "out", rejoin = "in" },
  ops = {
    { op = "host.uptime", result = { boot = "one", kernel = "6.1.0-30", since = 1, uptime_ms = 86400000, reboot_required = true, reboot_for = {} } },
    { op = "user.sessions", result = { sessions = {}, left_out = 0 } },
    { op = "site.run", args = { command = "out" }, result = { command = "out", status = 0 } },
    { op = "host.uptime", result = { boot = "one", kernel = "6.1.0-30", since = 1, uptime_ms = 86400000, reboot_required = true, reboot_for = {} } },
    { op = "host.reboot", fault = { "conflict", "a package is being installed" } },
    { op = "site.run", args = { command = "in" }, result = { command = "in", status = 7, output = "no such server" } },
  },
  expect = { look = "ok", drain = "undo failed", reboot = "failed", back = "not run", rejoin = "not run", page = "not run" },
  fault  = { reboot = "a package is being installed" },
}
