-- SPDX-License-Identifier: Apache-2.0
-- Too few routes were taken from a BGP neighbour: both tell each other theirs again. The session stays.

local function is_well(ctx, seen)
  return seen.established and (seen.prefixes or ctx.inputs.prefixes) >= ctx.inputs.prefixes
end

local function about(ctx)
  return { device = ctx.inputs.device, neighbour = ctx.inputs.neighbor }
end

local function tell(seen)
  if seen.established then
    return string.format("has %s prefixes", seen.prefixes or "?")
  end
  return string.format("is %s, last lost by: %s", seen.state, seen.notification or seen.reason or "not told")
end

-- Looks until it is well, that often at most; there is no other clock here than host.cpu.
local function await(ctx, looks)
  local seen
  for _ = 1, looks do
    local paused, text, code = host.cpu { seconds = 2 }
    if not paused then
      return nil, text, code
    end
    seen, text, code = device.neighbour(about(ctx))
    if not seen then
      return nil, text, code
    elseif is_well(ctx, seen) then
      break
    end
  end
  return seen
end

return playbook {
  name    = "bgp-prefixes-missing",
  summary = "Ask a BGP neighbour for its routes again where too few were taken from it",

  inputs = {
    device   = input.name { from = "labels.device", help = "the router, as the machine's policy names it" },
    neighbor = input.ip { from = "labels.neighbor", help = "whose routes are missing" },
    prefixes = input.integer {
      default = 1, range = { 0, 2000000 }, help = "fewer than so many taken from it are too few",
    },
  },

  triggers = {
    on.alert { name = { "BgpPrefixesMissing", "BGPPeerPrefixesLow", "FrrBgpPeerPrefixesLow" } },
  },
  rollout  = { first = 1, grow = 1, soak = "1m", max_failures = 0 },
  cooldown = "30m",

  step "look" {
    timeout = "3m",
    uses = {
      ["device.neighbour"] = { device = equals("inputs.device"), neighbour = equals("inputs.neighbor") },
    },
    run    = function(ctx) return device.neighbour(about(ctx)) end,
    verify = function(ctx, seen)
      return seen.established and not is_well(ctx, seen),
        string.format("the session with %s %s: there is nothing to ask for", ctx.inputs.neighbor, tell(seen))
    end,
  },

  step "clear" {
    needs      = { "look" },
    timeout    = "5m",
    on_failure = { "page" },
    uses = {
      ["device.neighbour_clear"] = { device = equals("inputs.device"), neighbour = equals("inputs.neighbor") },
      ["device.neighbour"]       = { device = equals("inputs.device"), neighbour = equals("inputs.neighbor") },
      ["host.cpu"]               = { seconds = equals(2) },
    },
    run = function(ctx) return device.neighbour_clear(about(ctx)) end,
    verify = function(ctx)
      local seen, text, code = await(ctx, 5)
      if not seen then
        return nil, text, code
      end
      return is_well(ctx, seen), string.format("the session with %s %s", ctx.inputs.neighbor, tell(seen))
    end,
  },

  step "page" {
    notify = "on-call",
    run = function(ctx)
      return string.format("%s took fewer than %d prefixes from %s still: step clear says whether asking again was refused or did not help; look at its filters and at what it announces",
        ctx.inputs.device, ctx.inputs.prefixes, ctx.inputs.neighbor)
    end,
  },
}
