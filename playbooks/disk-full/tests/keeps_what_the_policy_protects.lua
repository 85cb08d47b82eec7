-- Outside the policy's spool folders nothing is expendable; what is left is said in the failure.
return {
  inputs = { mount = "/srv", goal = 50 },
  ops = {
    { op = "disk.usage",   result = { used_percent = 93 } },
    { op = "disk.largest", result = { { path = "/srv/keep.1", bytes = 900 } } },
    { op = "disk.usage",   result = { used_percent = 93 } },
    { op = "file.remove",  args = { path = "/srv/keep.1" }, fault = { "policy", "'/srv/keep.1' is below no spool folder" } },
    { op = "disk.usage",   result = { used_percent = 93 } },
    { op = "disk.largest", args = { path = "/srv", count = 5 }, result = { { path = "/srv/db/base", bytes = 700000000 }, { path = "/srv/keep.1", bytes = 900 } } },
    { op = "process.files", fault = { "policy", "the policy does not allow process.files" } },
    { op = "journal.usage", fault = { "policy", "the policy does not allow journal.usage" } },
  },
  said = { "/srv/db/base takes 700 MB", "/srv/keep.1 takes 0 MB" },
  expect = { usage = "ok", free = "failed" },
  fault = { free = "93 % used after 0 rotated logs were removed and 1 kept: '/srv/keep.1' is below no spool folder" },
}
