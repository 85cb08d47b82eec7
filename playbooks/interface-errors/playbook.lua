-- SPDX-License-Identifier: Apache-2.0
-- Takes a member that loses frames out of its bond for a while, where another member carries on.

local LOOKS = 3 -- the first and two more: errors must go on

local function errors_of(link)
  return link.rx_errors + link.tx_errors
end

-- Listens to the link for some seconds: there is no other clock here.
local function wait_on(ctx)
  return net.capture { link = ctx.inputs.link, seconds = 5, packets = 100000 }
end

return playbook {
  name    = "interface-errors",
  summary = "Take a bond's member that loses frames out of use for a while",

  inputs = {
    link    = input.name { from = "labels.device", help = "the link with errors" },
    seconds = input.integer {
      default = 3600, range = { 60, 86400 }, help = "after so long it comes up again",
    },
  },

  triggers = {
    on.alert {
      name = {
        "HostNetworkReceiveErrors", "HostNetworkTransmitErrors", "NodeNetworkReceiveErrs",
        "NodeNetworkTransmitErrs",
      },
    },
  },
  rollout  = { first = 1, grow = 2, soak = "1m", max_failures = 0 },
  at_most  = 10,
  cooldown = "1h",

  step "look" {
    timeout = "5m",
    uses = {
      ["link.view"]   = { link = equals("inputs.link") },
      ["link.list"]   = {},
      ["net.capture"] = { link = equals("inputs.link"), seconds = to(5), packets = equals(100000) },
    },
    run = function(ctx)
      local seen = { grew = 0, errors = {}, others = {} }
      for look = 1, LOOKS do
        local link, text, code = link.view { link = ctx.inputs.link }
        if not link then
          return nil, text, code
        end
        seen.master, seen.errors[look] = link.master, errors_of(link)
        if look > 1 and seen.errors[look] > seen.errors[look - 1] then
          seen.grew = seen.grew + 1
        end
        if look < LOOKS then
          local heard, text, code = wait_on(ctx)
          if not heard then
            return nil, text, code
          end
        end
      end
      local all, text, code = link.list {}
      if not all then
        return nil, text, code
      end
      local bonded
      for _, other in ipairs(all.links) do
        if other.name == seen.master then
          bonded = other.kind == "bond" or other.kind == "team" -- a bridge's ports stand in for nothing
        elseif seen.master and other.master == seen.master and other.name ~= ctx.inputs.link
          and other.up and other.carrier then
          seen.others[#seen.others + 1] = other.name
        end
      end
      seen.others = bonded and seen.others or {}
      return seen
    end,
  },

  step "page" {
    needs  = { "look" },
    notify = "on-call",
    when   = function(ctx)
      return ctx.here.look.grew == LOOKS - 1
    end,
    run = function(ctx)
      local seen = ctx.here.look
      return string.format("%s on %s loses frames (%d, then %d): see to its cable and its peer; %s",
        ctx.inputs.link, ctx.target.worker, seen.errors[1], seen.errors[LOOKS],
        #seen.others > 0 and "the bond goes on without it" or "it stays up, nothing else carries on")
    end,
  },

  step "out" {
    needs   = { "look", "page" },
    timeout = "2m",
    uses = {
      ["link.down"] = { link = equals("inputs.link"), seconds = equals("inputs.seconds") },
      ["link.up"]   = { link = equals("inputs.link") },
      ["link.list"] = {},
      ["host.cpu"]  = { seconds = equals(3) },
    },

    when = function(ctx)
      return ctx.here.look.grew == LOOKS - 1 and #ctx.here.look.others > 0
    end,

    run = function(ctx)
      return link.down { link = ctx.inputs.link, seconds = ctx.inputs.seconds }
    end,

    -- A bond looks at its members now and then, and notices late that none is left.
    verify = function(ctx)
      local paused, text, code = host.cpu { seconds = 3 }
      if not paused then
        return nil, text, code
      end
      local all, text, code = link.list {}
      if not all then
        return nil, text, code
      end
      for _, link in ipairs(all.links) do
        if link.name == ctx.here.look.master then
          return link.carrier, link.name .. " carries nothing without " .. ctx.inputs.link
        end
      end
      return false, ctx.here.look.master .. " is gone"
    end,

    undo = function(ctx)
      return link.up { link = ctx.inputs.link }
    end,
  },
}
