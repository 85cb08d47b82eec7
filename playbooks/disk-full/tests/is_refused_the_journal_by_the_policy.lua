return {
  inputs = { journal_bytes = 50000000 },
  ops = {
    { op = "disk.usage",     result = { used_percent = 97 } },
    { op = "disk.largest",   result = { { path = "/var/log/a.1", bytes = 900 } } },
    { op = "package.clean",  fault = { "policy", "the policy does not allow package.clean" } },
    { op = "disk.usage",     result = { used_percent = 97 } },
    { op = "journal.vacuum", fault = { "policy", "the policy does not allow journal.vacuum" } },
  },
  said   = { "what apt fetched stays: the policy does not allow package.clean" },
  expect = { usage = "ok", free = "failed" },
  fault  = { free = "does not allow" },
}
