-- A removal of which nobody knows whether it happened ends the step; nothing else is tried.
return {
  ops = {
    { op = "disk.usage",   result = { used_percent = 93 } },
    { op = "disk.largest", result = { { path = "/var/log/a.1", bytes = 900 }, { path = "/var/log/b.1", bytes = 9 } } },
    { op = "package.clean", fault = { "not-found", "this machine has no apt" } },
    { op = "disk.usage",   result = { used_percent = 93 } },
    { op = "file.remove",  fault = { "unknown", "the effector ended while it removed" } },
  },
  said = { "what apt fetched stays: this machine has no apt" },
  expect = { usage = "ok", free = "unknown" },
}
