-- SPDX-License-Identifier: Apache-2.0
-- Drops all packets from and to an address, until the block expires.

-- Takes the block back: what was there before stands again, for what is left of it by the firewall's own clock. Without an output
-- nobody knows whether it was renewed: what stands no longer than before stays.
local function give_back(ctx)
  local source, seconds = ctx.inputs.source, ctx.inputs.seconds
  local before = ctx.output and ctx.output.before_s or ctx.here.look
  if before >= seconds then
    return "it was blocked for longer already, and stays so until that expires"
  end
  local now, text, code = firewall.view { source = source }
  if not now and before == 0 then
    return firewall.unblock { source = source }
  elseif not now then
    return nil, text, code
  elseif now.expires_s > seconds then
    return "it was blocked anew meanwhile, for longer, and stays so"
  elseif before > 0 and not ctx.output and now.expires_s <= before then
    return "it was blocked before, and stays so until that expires"
  end
  local left = before - (seconds - now.expires_s)
  if before > 0 and left > 0 then
    return firewall.block { source = source, seconds = left }
  end
  return firewall.unblock { source = source }
end

return playbook {
  name    = "block-ip",
  summary = "Block an address for a while",

  inputs = {
    source  = input.ip { from = "labels.source", help = "what is blocked" },
    seconds = input.integer {
      default = 3600, range = { 60, 86400 }, help = "how long it is blocked",
    },
  },

  triggers = { on.alert { name = { "MaliciousAddress", "IndicatorAddressSeen", "BlockAddress" } } },
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
      ["firewall.block"]   = { source = equals("inputs.source"), seconds = { from(1), to("inputs.seconds") } },
      ["firewall.unblock"] = { source = equals("inputs.source") },
      ["firewall.view"]    = { source = equals("inputs.source") },
    },

    when = function(ctx)
      return ctx.here.look < ctx.inputs.seconds
    end,

    run = function(ctx)
      local before, text, code = firewall.view { source = ctx.inputs.source }
      if not before then
        return nil, text, code
      elseif before.expires_s >= ctx.inputs.seconds then
        return { blocked = true, before_s = before.expires_s }
      end
      local done, text, code = firewall.block { source = ctx.inputs.source, seconds = ctx.inputs.seconds }
      if not done then
        return nil, text, code
      end
      return { source = done.source, blocked = done.blocked, ["until"] = done["until"], before_s = before.expires_s }
    end,

    verify = function(ctx)
      local now, text, code = firewall.view { source = ctx.inputs.source }
      if not now then
        return nil, text, code
      end
      return now.blocked, ctx.inputs.source .. " is not among the firewall's blocks"
    end,

    undo = give_back,
  },
}
