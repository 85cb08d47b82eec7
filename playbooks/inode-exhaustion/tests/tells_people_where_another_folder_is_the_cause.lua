-- A folder whose name only begins alike is another one.
return {
  inputs = { mount = "/var", folder = "/var/lib/php/sessions" },
  ops = {
    { op = "disk.inodes", result = { used_percent = 97.5, folders = { { path = "/var/lib/php/sessions-old", entries = 90000 }, { path = "/var/lib/php/sessions/a", entries = 300 } } } },
  },
  expect   = { look = "ok", page = "ok", clear = "skipped" },
  notified = { page = "97 % of the inodes of /var on rehearsal are in use, and /var/lib/php/sessions is not the cause; the fullest folders: /var/lib/php/sessions-old (90000), /var/lib/php/sessions/a (300)" },
}
