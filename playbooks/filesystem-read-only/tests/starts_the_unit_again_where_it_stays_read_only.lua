return {
  inputs = { mount = "/srv", unit = "shop.service" },
  ops = {
    { op = "disk.mounts", result = { mounts = { { path = "/", device = "/dev/sda1", type = "ext4", read_only = false }, { path = "/srv", device = "/dev/sdb1", type = "ext4", read_only = true } } } },
    { op = "disk.usage", args = { path = "/srv" }, result = { used_percent = 40 } },
    { op = "journal.query", args = { priority = 4, contains = "error", count = 100 }, result = { entries = { { at = 5, text = "EXT4-fs error (device sdb1): ext4_journal_check_start" }, { at = 4, text = "some other error" } } } },
    { op = "unit.status", args = { unit = "shop.service" }, result = { unit = "shop.service", active = "active" } },
    { op = "disk.mounts", result = { mounts = { { path = "/", device = "/dev/sda1", type = "ext4", read_only = false }, { path = "/srv", device = "/dev/sdb1", type = "ext4", read_only = true } } } },
    { op = "unit.stop", args = { unit = "shop.service" }, result = { active = "inactive" } },
    { op = "unit.status", args = { unit = "shop.service" }, result = { unit = "shop.service", active = "inactive" } },
    { op = "site.run", args = { command = "remount", with = "path=/srv" }, result = { command = "remount", status = 0, output = "" } },
    { op = "disk.mounts", result = { mounts = { { path = "/", device = "/dev/sda1", type = "ext4", read_only = false }, { path = "/srv", device = "/dev/sdb1", type = "ext4", read_only = true } } } },
    { op = "unit.start", args = { unit = "shop.service" }, result = { active = "active" } },
  },
  people = { agree = "yes" },
  expect = { look = "ok", page = "ok", agree = "ok", stop = "undone", remount = "failed", start = "not run" },
  fault  = { remount = "/srv is read-only still" },
}
