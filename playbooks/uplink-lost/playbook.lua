-- SPDX-License-Identifier: Apache-2.0
-- Leads packets to a network over a spare router where the usual way is lost, until people mend it.

-- How many of three rounds brought an answer from beyond.
local function answered(ctx)
  local rounds = 0
  for look = 1, 3 do
    local echo, text, code = net.ping { address = ctx.inputs.beyond, count = 3 }
    if not echo then
      return nil, text, code
    end
    rounds = rounds + (echo.received > 0 and 1 or 0)
    if look < 3 then
      local paused, text, code = host.cpu { seconds = ctx.inputs.pause }
      if not paused then
        return nil, text, code
      end
    end
  end
  return { rounds = rounds }
end

return playbook {
  name    = "uplink-lost",
  summary = "Reach a network over a spare router while the usual way is lost",

  inputs = {
    to      = input.cidr { from = "labels.network", help = "the network that is not reached" },
    beyond  = input.ip { help = "an address in it that answers pings" },
    spare   = input.ip { help = "the spare router, on a link of this machine" },
    seconds = input.integer {
      default = 14400, range = { 600, 86400 }, help = "how long the spare way holds",
    },
    pause = input.integer {
      default = 10, range = { 1, 30 }, help = "seconds between two of three rounds of echoes",
    },
  },

  triggers = { on.alert { name = { "UplinkLost", "RegionUnreachable", "WanLinkDown" } } },
  rollout  = { first = 1, grow = 1, soak = "1m", max_failures = 0 },
  cooldown = "30m",

  step "look" {
    timeout = "3m",
    uses = {
      ["net.ping"]  = { address = one_of { "inputs.beyond", "inputs.spare" }, count = to(3) },
      ["route.get"] = { address = equals("inputs.beyond") },
      ["host.cpu"]  = { seconds = equals("inputs.pause") },
    },
    run = function(ctx)
      local way, text, code = route.get { address = ctx.inputs.beyond }
      if not way then
        return nil, text, code
      end
      local beyond, text, code = answered(ctx)
      if not beyond then
        return nil, text, code
      end
      local spare, text, code = net.ping { address = ctx.inputs.spare, count = 3 }
      if not spare then
        return nil, text, code
      end
      return { rounds = beyond.rounds, via = way.via, spare = spare.received > 0 }
    end,
    -- What was led there before ends by itself; a second lead over the same router would change nothing.
    verify = function(ctx, seen)
      if seen.rounds > 0 then
        return true
      elseif seen.via == ctx.inputs.spare then
        return false, ctx.inputs.beyond .. " is not reached over the spare router either"
      end
      return seen.spare, string.format("the spare router %s does not answer", ctx.inputs.spare)
    end,
  },

  step "lead" {
    needs   = { "look" },
    timeout = "4m",
    uses = {
      ["route.add"]    = { to = equals("inputs.to"), via = equals("inputs.spare"), seconds = equals("inputs.seconds") },
      ["route.remove"] = { to = equals("inputs.to") },
      ["net.ping"]     = { address = equals("inputs.beyond"), count = to(3) },
      ["host.cpu"]     = { seconds = equals("inputs.pause") },
    },

    when = function(ctx)
      return ctx.here.look.rounds == 0
    end,

    run = function(ctx)
      return route.add { to = ctx.inputs.to, via = ctx.inputs.spare, seconds = ctx.inputs.seconds }
    end,

    verify = function(ctx)
      local beyond, text, code = answered(ctx)
      if not beyond then
        return nil, text, code
      end
      return beyond.rounds >= 2, string.format("%s answered in %d of 3 rounds", ctx.inputs.beyond, beyond.rounds)
    end,

    undo = function(ctx)
      return route.remove { to = ctx.inputs.to }
    end,
  },

  step "page" {
    needs  = { "look", "lead" },
    notify = "on-call",
    when   = function(ctx)
      return ctx.here.look.rounds == 0
    end,
    run = function(ctx)
      return string.format("%s reaches %s over the spare router %s for %d minutes: the way over %s is lost", ctx.target.worker,
        ctx.inputs.to, ctx.inputs.spare, ctx.inputs.seconds // 60, ctx.here.look.via or "its router")
    end,
  },
}
