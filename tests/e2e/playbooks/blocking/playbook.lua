-- SPDX-License-Identifier: Apache-2.0
-- Blocks whatever it is told to.

return playbook {
  name    = "blocking",
  summary = "Block a source",

  inputs = { source = input.cidr { help = "a network" } },

  step "block" {
    uses = { ["firewall.block"] = { source = equals("inputs.source") } },
    run  = function(ctx) return firewall.block { source = ctx.inputs.source, seconds = 600 } end,
  },
}
