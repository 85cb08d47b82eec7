return {
  inputs = { mount = "/srv", unit = "shop.service" },
  ops = {
    { op = "disk.mounts", result = { mounts = { { path = "/", device = "/dev/sda1", type = "ext4", read_only = false }, { path = "/srv", device = "/dev/sdb1", type = "ext4", read_only = false } } } },
    { op = "disk.usage", args = { path = "/srv" }, result = { used_percent = 40 } },
    { op = "journal.query", args = { priority = 4, contains = "error", count = 100 }, result = { entries = { { at = 5, text = "EXT4-fs error (device sdb1): ext4_journal_check_start" }, { at = 4, text = "some other error" } } } },
    { op = "unit.status", args = { unit = "shop.service" }, result = { unit = "shop.service", active = "active" } },
  },
  expect = { look = "failed", page = "not run", agree = "not run", stop = "not run", remount = "not run", start = "not run" },
  fault  = { look = "/srv can be written to" },
}
