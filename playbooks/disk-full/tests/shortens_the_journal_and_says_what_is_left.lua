return {
  inputs = { mount = "/var", journal_bytes = 50000000 },
  ops = {
    { op = "disk.usage",     result = { used_percent = 97 } },
    { op = "disk.largest",   result = {} },
    { op = "package.clean",  result = { files = 12, freed_bytes = 300000000 } },
    { op = "disk.usage",     result = { used_percent = 95 } },
    { op = "journal.vacuum", args = { keep_bytes = 50000000 }, result = { bytes = 48000000, freed_bytes = 900000000 } },
    { op = "disk.usage",     result = { used_percent = 91 } },
    { op = "disk.largest",   args = { path = "/var", count = 5 }, result = { { path = "/var/lib/app/core", bytes = 4000000000 } } },
    { op = "process.files",  args = { deleted = true }, result = { files = {}, deleted_bytes = 2000000000, left_out = 0 } },
    { op = "journal.usage",  result = { bytes = 48000000 } },
  },
  chaos = true,
  expect = { usage = "ok", free = "failed" },
  fault  = { free = "91 % used after 0 rotated logs were removed and 0 kept" },
  said   = {
    "/var/lib/app/core takes 4000 MB", "deleted files that are open take 2000 MB: deleted-files-open is for them",
    "the journal takes 48 MB",
  },
}
