return {
  inputs = { mount = "/var", folder = "/var/lib/php/sessions" },
  ops = {
    { op = "disk.inodes", result = { used_percent = 40, folders = {} } },
  },
  expect = { look = "ok", page = "skipped", clear = "skipped" },
}
