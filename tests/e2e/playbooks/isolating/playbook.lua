-- SPDX-License-Identifier: Apache-2.0
-- Cuts a machine off for so many seconds, or lets it go again.

return playbook {
  name    = "isolating",
  summary = "Cut a machine off, or let it go",

  inputs = { seconds = input.integer { range = { 0, 86400 }, help = "0 to let it go" } },

  step "cut" {
    uses = { ["host.isolate"] = { seconds = equals("inputs.seconds") } },
    when = function(ctx) return ctx.inputs.seconds > 0 end,
    run  = function(ctx) return host.isolate { seconds = ctx.inputs.seconds } end,
  },

  step "free" {
    uses = { "host.release" },
    when = function(ctx) return ctx.inputs.seconds == 0 end,
    run  = function() return host.release {} end,
  },
}
