-- SPDX-License-Identifier: Apache-2.0
-- What attacks are tried with: one op that changes the machine, and is bounded in every way.
return playbook {
  name    = "wipe",
  summary = "Remove one rotated log",
  inputs  = {
    path = input.path { from = "labels.path", help = "the log" },
    unit = input.name { default = "web", from = "labels.unit", help = "for whom" },
  },
  triggers = { on.alert { name = { "LogTooLarge" } } },
  step "remove" {
    uses    = { ["file.remove"] = { path = equals("inputs.path") } },
    timeout = "3s",
    run     = function(ctx) return file.remove { path = ctx.inputs.path } end,
  },
}
