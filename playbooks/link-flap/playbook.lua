-- SPDX-License-Identifier: Apache-2.0
-- A member of a bond loses its signal over and over: takes it out of use for a while once a person agrees.

local PARTS = 6 -- of the time that it is watched: host.cpu looks for half a minute at most

-- Which port of which switch it hangs on; nobody has to have told.
local function port_of(ctx)
  local heard = link.neighbours { link = ctx.inputs.link }
  local one = heard and heard.neighbours[1]
  return one and string.format("%s of %s", one.port_description or one.port or "a port", one.name or one.chassis or one.via)
end

-- How the link is, and the members of its bond that could stand in: a bridge's ports stand in for nothing.
local function look_at(ctx, master)
  local all, text, code = link.list {}
  if not all then
    return nil, text, code
  end
  local seen, bonded = { others = {} }, false
  for _, one in ipairs(all.links) do
    if one.name == master then
      bonded = one.kind == "bond" or one.kind == "team"
    elseif one.name == ctx.inputs.link then
      seen.link = one
    elseif master and one.master == master and one.up and one.carrier then
      seen.others[#seen.others + 1] = one.name
    end
  end
  seen.others = bonded and seen.others or {}
  return seen
end

return playbook {
  name    = "link-flap",
  summary = "Take a bond's member out of use that loses its signal over and over, once a person agrees",

  inputs = {
    link  = input.name { from = "labels.device", help = "the link that goes up and down" },
    flaps = input.integer {
      default = 4, range = { 2, 1000 }, help = "changes of its signal while it is watched that are too many",
    },
    watch = input.integer {
      default = 60, range = { 6, 180 }, help = "seconds that it is watched for",
    },
    seconds = input.integer {
      default = 3600, range = { 60, 86400 }, help = "after so long it comes up again",
    },
  },

  triggers = {
    on.alert {
      name = { "NodeNetworkInterfaceFlapping", "HostNetworkInterfaceFlapping", "LinkFlapping", "linkDown" },
    },
  },
  rollout  = { first = 1, grow = 1, soak = "1m", max_failures = 0 },
  at_most  = 10,
  cooldown = "1h",

  step "look" {
    timeout = "5m",
    uses = {
      ["link.view"]       = { link = equals("inputs.link") },
      ["link.list"]       = {},
      ["host.cpu"]        = { seconds = to(30) },
      ["link.neighbours"] = { link = equals("inputs.link") },
    },
    run = function(ctx)
      local first, text, code = link.view { link = ctx.inputs.link }
      if not first then
        return nil, text, code
      end
      for _ = 1, PARTS do
        local busy, text, code = host.cpu { seconds = ctx.inputs.watch // PARTS }
        if not busy then
          return nil, text, code
        end
      end
      local now, text, code = look_at(ctx, first.master)
      if not now then
        return nil, text, code
      end
      local seen = { flaps = 0, master = first.master, others = now.others, port = port_of(ctx) }
      if now.link then
        seen.flaps, seen.state = now.link.carrier_changes - first.carrier_changes, now.link.state
      end
      return seen
    end,
    verify = function(ctx, seen)
      return seen.flaps >= ctx.inputs.flaps,
        string.format("its signal changed %d times within %d seconds: it is %s", seen.flaps, ctx.inputs.watch, seen.state or "gone")
    end,
  },

  step "page" {
    needs  = { "look" },
    notify = "on-call",
    run = function(ctx)
      local seen = ctx.here.look
      return string.format("%s on %s changed its signal %d times within %d seconds: see to its cable, its module and its peer%s; %s",
        ctx.inputs.link, ctx.target.worker, seen.flaps, ctx.inputs.watch,
        seen.port and string.format(", port %s", seen.port) or "",
        #seen.others > 0 and "say whether the bond goes on without it" or "it stays up, nothing else carries on")
    end,
  },

  step "spare" {
    needs  = { "look", "page" },
    run    = function(ctx) return ctx.here.look.others end,
    verify = function(ctx, others)
      return #others > 0, "nothing carries on without " .. ctx.inputs.link
    end,
  },

  step "agree" {
    needs   = { "spare" },
    approve = {
      role = "responder", text = "Take the link out of use for a while? It goes up and down, and its bond has another",
      expires = "1h",
    },
  },

  step "out" {
    needs   = { "look", "agree" },
    timeout = "2m",
    uses = {
      ["link.down"] = { link = equals("inputs.link"), seconds = equals("inputs.seconds") },
      ["link.up"]   = { link = equals("inputs.link") },
      ["link.list"] = {},
      ["host.cpu"]  = { seconds = equals(3) },
    },

    -- Who stood in may be gone by the time that a person agrees.
    run = function(ctx)
      local now, text, code = look_at(ctx, ctx.here.look.master)
      if not now then
        return nil, text, code
      elseif #now.others == 0 then
        return nil, "nothing carries on without " .. ctx.inputs.link .. " any more"
      end
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
      for _, one in ipairs(all.links) do
        if one.name == ctx.here.look.master then
          return one.carrier, one.name .. " carries nothing without " .. ctx.inputs.link
        end
      end
      return false, ctx.here.look.master .. " is gone"
    end,

    undo = function(ctx)
      return link.up { link = ctx.inputs.link }
    end,
  },
}
