-- SPDX-License-Identifier: Apache-2.0
-- A link loses frames: negotiates its duplex anew where that is wrong, else takes it out of its bond for a while, where
-- another member carries on.

local LOOKS = 3 -- the first and two more: errors must go on

local function errors_of(link)
  return link.rx_errors + link.tx_errors
end

-- There is no other clock here.
local function wait_between()
  return host.cpu { seconds = 5 }
end

-- Which port of which switch it hangs on; nobody has to have told.
local function port_of(ctx)
  local heard = link.neighbours { link = ctx.inputs.link }
  local one = heard and heard.neighbours[1]
  return one and string.format("%s of %s", one.port_description or one.port or "a port", one.name or one.chassis or one.via)
end

-- Half of a link's frames meet others where its other end runs full duplex.
local function is_half(seen)
  return seen.grew == LOOKS - 1 and seen.duplex == "half"
end

return playbook {
  name    = "interface-errors",
  summary = "Negotiate a link anew that loses frames, or take it out of its bond for a while",

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
      ["link.view"]       = { link = equals("inputs.link") },
      ["link.list"]       = {},
      ["host.cpu"]        = { seconds = equals(5) },
      ["link.settings"]   = { link = equals("inputs.link"), counters = equals("err") },
      ["link.neighbours"] = { link = equals("inputs.link") },
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
          local paused, text, code = wait_between()
          if not paused then
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
      local set = link.settings { link = ctx.inputs.link, counters = "err" } or {}
      seen.duplex, seen.speed_mbps, seen.negotiates = set.duplex, set.speed_mbps, set.autonegotiation
      seen.counters, seen.port = set.counters, port_of(ctx)
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
      local mode = is_half(seen) and string.format(" at %s Mbit/s half duplex, which its peer may not know", seen.speed_mbps or "?") or ""
      return string.format("%s on %s loses frames (%d, then %d)%s: see to its cable and its peer%s; %s",
        ctx.inputs.link, ctx.target.worker, seen.errors[1], seen.errors[LOOKS], mode,
        seen.port and string.format(", port %s", seen.port) or "",
        #seen.others > 0 and "the bond goes on without it" or "it stays up, nothing else carries on")
    end,
  },

  step "anew" {
    needs   = { "look", "page" },
    timeout = "2m",
    uses = {
      ["link.renegotiate"] = { link = equals("inputs.link") },
      ["link.settings"]    = { link = equals("inputs.link") },
      ["link.view"]        = { link = equals("inputs.link") },
      ["host.cpu"]         = { seconds = equals(5) },
    },

    when = function(ctx)
      return is_half(ctx.here.look) and ctx.here.look.negotiates
    end,

    -- Both ends need some seconds for it; then no frame may be lost for a while.
    run = function(ctx)
      local done, text, code = link.renegotiate { link = ctx.inputs.link }
      if not done then
        if code == "failed" or code == "policy" then
          return { mended = false, why = text }
        end
        return nil, text, code
      end
      local errors = {}
      for look = 1, 2 do
        local paused, text, code = wait_between()
        if not paused then
          return nil, text, code
        end
        local now, text, code = link.view { link = ctx.inputs.link }
        if not now then
          return nil, text, code
        end
        errors[look] = errors_of(now)
      end
      local set, text, code = link.settings { link = ctx.inputs.link }
      if not set then
        return nil, text, code
      end
      return { mended = set.duplex == "full" and errors[2] == errors[1], duplex = set.duplex, speed_mbps = set.speed_mbps }
    end,
    verify = function(ctx)
      local now, text, code = link.view { link = ctx.inputs.link }
      if not now then
        return nil, text, code
      end
      return now.carrier, ctx.inputs.link .. " has no signal since"
    end,
  },

  step "out" {
    needs   = { "look", "page", "anew" },
    timeout = "2m",
    uses = {
      ["link.down"] = { link = equals("inputs.link"), seconds = equals("inputs.seconds") },
      ["link.up"]   = { link = equals("inputs.link") },
      ["link.list"] = {},
      ["host.cpu"]  = { seconds = equals(3) },
    },

    when = function(ctx)
      local anew = ctx.here.anew
      return ctx.here.look.grew == LOOKS - 1 and #ctx.here.look.others > 0 and not (anew and anew.mended)
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
