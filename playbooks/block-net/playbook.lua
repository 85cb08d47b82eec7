-- SPDX-License-Identifier: Apache-2.0
-- Drops all packets from and to a network, until the block expires.

return playbook {
  name    = "block-net",
  summary = "Block a network for a while",

  inputs = {
    source  = input.cidr { from = "labels.network", help = "what is blocked" },
    seconds = input.integer {
      default = 3600, range = { 60, 86400 }, help = "how long it is blocked",
    },
  },

  triggers = { on.alert { name = { "MaliciousNetwork", "IndicatorNetworkSeen", "BlockNetwork" } } },
  rollout  = { first = 1, grow = 4, soak = "30s", max_failures = 0 },
  cooldown = "5m",

  step "look" {
    timeout = "1m",
    uses    = { ["firewall.view"] = { source = equals("inputs.source") } },
    run = function(ctx)
      local block, text, code = firewall.view { source = ctx.inputs.source }
      return block and block.expires_s, text, code
    end,
  },

  step "block" {
    needs   = { "look" },
    timeout = "2m",
    uses = {
      ["firewall.block"]   = { source = equals("inputs.source"), seconds = equals("inputs.seconds") },
      ["firewall.unblock"] = { source = equals("inputs.source") },
      ["firewall.view"]    = { source = equals("inputs.source") },
    },

    when = function(ctx)
      return ctx.here.look < ctx.inputs.seconds
    end,

    run = function(ctx)
      return firewall.block { source = ctx.inputs.source, seconds = ctx.inputs.seconds }
    end,

    verify = function(ctx)
      local now, text, code = firewall.view { source = ctx.inputs.source }
      if not now then
        return nil, text, code
      end
      return now.blocked, ctx.inputs.source .. " is not among the firewall's blocks"
    end,

    undo = function(ctx)
      if ctx.here.look > 0 then
        return "it was blocked before, and stays so until that expires"
      end
      return firewall.unblock { source = ctx.inputs.source }
    end,
  },
}
