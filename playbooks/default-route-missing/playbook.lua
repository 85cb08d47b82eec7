-- SPDX-License-Identifier: Apache-2.0
-- A link has a signal and no default route any more: systemd-networkd sets it up anew, as its files say.

-- Where a default route of the table over the link leads, alone or as one way of several; nil where there is none. One of IPv6
-- leads to no address of IPv4, and the other way round.
local function gateway_of(ctx)
  local all, text, code = route.list {}
  if not all then
    return nil, text, code
  end
  local default = ctx.inputs.outside:find(":", 1, true) and "::/0" or "0.0.0.0/0"
  for _, one in ipairs(all.routes) do
    local meant = one.to == default and one.table == ctx.inputs.table
    for _, hop in ipairs(meant and (one.hops or { one }) or {}) do
      if hop.link == ctx.inputs.link then
        return hop.via or "the link itself"
      end
    end
  end
  if all.more then
    return nil, "this machine has more routes than are listed: its default route may be among the others", "limit"
  end
end

return playbook {
  name    = "default-route-missing",
  summary = "Have a link set up anew by systemd-networkd that lost its default route",

  inputs = {
    link    = input.name { default = "eth0", from = "labels.device", help = "over which the way out goes" },
    outside = input.ip   { help = "an address outside that answers echoes" },
    table   = input.integer {
      default = 254, range = { 1, 4294967295 }, help = "where the route belongs: 254 is main, a VRF has another",
    },
  },

  triggers = { on.alert { name = { "DefaultRouteMissing", "NetworkConfigurationLost" } } },
  rollout  = { first = 1, grow = 1, soak = "1m", max_failures = 0 },
  at_most  = 10,
  cooldown = "30m",

  step "look" {
    timeout = "1m",
    uses = {
      ["link.view"]  = { link = equals("inputs.link") },
      ["route.list"] = {},
    },
    run = function(ctx)
      local uplink, text, code = link.view { link = ctx.inputs.link }
      if not uplink then
        return nil, text, code
      end
      local gateway, text, code = gateway_of(ctx)
      if code then
        return nil, text, code
      end
      return { up = uplink.up, carrier = uplink.carrier, addresses = uplink.addresses, gateway = gateway }
    end,
    verify = function(ctx, seen)
      if seen.gateway then
        return false, "a default route leads over " .. seen.gateway
      end
      return seen.up and seen.carrier, ctx.inputs.link .. (seen.up and " has no signal" or " is set down")
    end,
  },

  step "anew" {
    needs      = { "look" },
    timeout    = "3m",
    on_failure = { "page" },
    uses = {
      ["link.reconfigure"] = { link = equals("inputs.link") },
      ["route.list"]       = {},
      ["net.ping"]         = { address = equals("inputs.outside"), count = equals(3) },
      ["host.cpu"]         = { seconds = equals(3) },
    },
    run = function(ctx) return link.reconfigure { link = ctx.inputs.link } end,

    -- A lease takes some seconds.
    verify = function(ctx)
      local why
      for _ = 1, 10 do
        local paused, text, code = host.cpu { seconds = 3 }
        if not paused then
          return nil, text, code
        end
        local gateway, text, code = gateway_of(ctx)
        if code then
          return nil, text, code
        end
        why = "there is no default route over " .. ctx.inputs.link
        if gateway then
          local echo, text, code = net.ping { address = ctx.inputs.outside, count = 3 }
          if not echo then
            return nil, text, code
          elseif echo.received > 0 then
            return true
          end
          why = string.format("%s does not answer, and a default route leads over %s", ctx.inputs.outside, gateway)
        end
      end
      return false, why
    end,
  },

  step "page" {
    notify = "on-call",
    run = function(ctx)
      return string.format("%s of %s lost its default route: step anew says why setting it up anew was refused, or did not bring a way to %s back: look at its files below /etc/systemd/network, and at who leases addresses there",
        ctx.inputs.link, ctx.target.worker, ctx.inputs.outside)
    end,
  },
}
