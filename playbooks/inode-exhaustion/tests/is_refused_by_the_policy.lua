return {
  inputs = { mount = "/var", folder = "/var/lib/php/sessions" },
  ops = {
    { op = "disk.inodes", args = { path = "/var", count = 20 }, result = { used_percent = 97.5, folders = { { path = "/var/lib/php/sessions", entries = 90000 }, { path = "/var/cache", entries = 300 } } } },
    { op = "file.remove_aged", fault = { "policy", "'/var/lib/php/sessions' is no expendable folder of the policy, nor below one" } },
  },
  expect = { look = "ok", page = "skipped", clear = "failed" },
  fault  = { clear = "no expendable folder" },
}
