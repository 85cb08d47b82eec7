-- SPDX-License-Identifier: Apache-2.0
-- A machine lost its way out: leads one network over a spare router for a while once a person agrees.

local MAIN = 254 -- the table of routes that rules lead to by themselves

-- The way to the address outside, and how many of three echoes come back over it.
local function way_out(ctx)
  local way, text, code = route.get { address = ctx.inputs.outside }
  if not way then
    return nil, text, code
  elseif not way.reachable then
    return { answered = 0, error = way.error }
  end
  local echo, text, code = net.ping { address = ctx.inputs.outside, count = 3 }
  if not echo then
    return nil, text, code
  end
  return { answered = echo.received, via = way.via, link = way.link }
end

return playbook {
  name    = "default-route-loss",
  summary = "Lead a network over a spare router for a while where the way out is lost, once a person agrees",

  inputs = {
    link    = input.name { default = "eth0", from = "labels.device", help = "over which the way out goes" },
    outside = input.ip   { help = "an address outside that answers echoes" },
    network = input.cidr { help = "what must stay reachable; the address outside lies in it" },
    spare   = input.ip   { help = "another router, on a network of this machine" },
    seconds = input.integer {
      default = 3600, range = { 60, 86400 }, help = "after so long the route is removed again",
    },
  },

  triggers = { on.alert { name = { "DefaultRouteLost", "HostDefaultRouteMissing", "GatewayUnreachable" } } },
  rollout  = { first = 1, grow = 1, soak = "1m", max_failures = 0 },
  at_most  = 10,
  cooldown = "30m",

  step "look" {
    timeout = "3m",
    uses = {
      ["route.get"]      = { address = equals("inputs.outside") },
      ["net.ping"]       = { address = equals("inputs.outside"), count = equals(3) },
      ["route.list"]     = {},
      ["neighbour.list"] = { link = equals("inputs.link") },
      ["link.view"]      = { link = equals("inputs.link") },
    },
    run = function(ctx)
      local seen, text, code = way_out(ctx)
      if not seen then
        return nil, text, code
      end
      local all, text, code = route.list {}
      if not all then
        return nil, text, code
      end
      local near, text, code = neighbour.list { link = ctx.inputs.link }
      if not near then
        return nil, text, code
      end
      local uplink, text, code = link.view { link = ctx.inputs.link }
      if not uplink then
        return nil, text, code
      end
      seen.carrier = uplink.carrier
      local default = ctx.inputs.outside:find(":", 1, true) and "::/0" or "0.0.0.0/0"
      for _, one in ipairs(all.routes) do
        if one.to == default and one.table == MAIN and one.via and one.link == ctx.inputs.link then
          seen.gateway, seen.gateway_state = one.via, "unknown"
          for _, neighbour in ipairs(near.neighbours) do
            if neighbour.address == one.via then
              seen.gateway_state = neighbour.state
            end
          end
          break
        end
      end
      return seen
    end,
    verify = function(ctx, seen)
      return seen.answered == 0, string.format("%s answers", ctx.inputs.outside)
    end,
  },

  step "page" {
    needs  = { "look" },
    notify = "on-call",
    run = function(ctx)
      local seen, why = ctx.here.look
      if not seen.carrier then
        why = ctx.inputs.link .. " has no signal"
      elseif seen.gateway then
        why = string.format("its router %s is %s", seen.gateway, seen.gateway_state)
      else
        why = "it has no default route over " .. ctx.inputs.link
      end
      return string.format("%s does not reach %s, %s: see to it, and say whether %s goes over %s meanwhile",
        ctx.target.worker, ctx.inputs.outside, why, ctx.inputs.network, ctx.inputs.spare)
    end,
  },

  step "near" {
    needs   = { "page" },
    timeout = "1m",
    uses    = { ["net.ping"] = { address = equals("inputs.spare"), count = equals(3) } },
    run     = function(ctx) return net.ping { address = ctx.inputs.spare, count = 3 } end,
    verify  = function(ctx, echo)
      return echo.received > 0, string.format("the spare router %s does not answer either", ctx.inputs.spare)
    end,
  },

  step "agree" {
    needs   = { "near" },
    approve = {
      role = "responder", text = "Lead the network over the spare router for a while? The way out is lost", expires = "1h",
    },
  },

  step "lead" {
    needs   = { "agree" },
    timeout = "3m",
    uses = {
      ["route.add"] = {
        to = equals("inputs.network"), via = equals("inputs.spare"), seconds = equals("inputs.seconds"),
      },
      ["route.remove"] = { to = equals("inputs.network") },
      ["route.get"]    = { address = equals("inputs.outside") },
      ["net.ping"]     = { address = equals("inputs.outside"), count = equals(3) },
    },

    run = function(ctx)
      return route.add { to = ctx.inputs.network, via = ctx.inputs.spare, seconds = ctx.inputs.seconds }
    end,

    verify = function(ctx)
      local now, text, code = way_out(ctx)
      if not now then
        return nil, text, code
      elseif now.via ~= ctx.inputs.spare then
        return false, string.format("%s does not go over it: %s", ctx.inputs.outside, now.via or now.error or "no router")
      end
      return now.answered > 0, string.format("%s does not answer over %s either", ctx.inputs.outside, ctx.inputs.spare)
    end,

    undo = function(ctx)
      return route.remove { to = ctx.inputs.network }
    end,
  },
}
