-- SPDX-License-Identifier: Apache-2.0
-- A BGP session does not come back by itself, or gives too little: ends it once a person agrees, so that another begins.

local function is_well(ctx, seen)
  return seen.established and (seen.prefixes or ctx.inputs.prefixes) >= ctx.inputs.prefixes
end

local function tell(seen)
  if seen.established then
    return string.format("has %s prefixes", seen.prefixes or "?")
  end
  return string.format("is %s, last lost by: %s", seen.state, seen.notification or seen.reason or "not told")
end

-- Whether it is to be ended; else why not. A person may take an hour to agree: it is looked at again then.
local function is_stuck(ctx, seen)
  if seen.shut then
    return false, ctx.inputs.neighbor .. " is shut: somebody meant it"
  end
  return not is_well(ctx, seen), string.format("the session with %s %s: nothing is missing", ctx.inputs.neighbor, tell(seen))
end

local function about(ctx)
  return { device = ctx.inputs.device, neighbour = ctx.inputs.neighbor }
end

-- Looks until it is well, that often at most; there is no other clock here than host.cpu. The way to the router itself may lead over
-- that neighbour: until the session is back nobody may reach it.
local function await(ctx, looks)
  local seen, text, code
  for _ = 1, looks do
    local paused, why, its_code = host.cpu { seconds = 2 }
    if not paused then
      return nil, why, its_code
    end
    seen, text, code = device.neighbour(about(ctx))
    if not seen and code ~= "unreachable" and code ~= "timeout" then
      return nil, text, code
    elseif seen and is_well(ctx, seen) then
      break
    end
  end
  return seen, text, code
end

return playbook {
  name    = "bgp-session-stuck",
  summary = "End a BGP session that is stuck, so that another begins, once a person agrees",

  inputs = {
    device   = input.name { from = "labels.device", help = "the router, as the machine's policy names it" },
    neighbor = input.ip { from = "labels.neighbor", help = "whose session is stuck" },
    prefixes = input.integer {
      default = 1, range = { 0, 2000000 }, help = "fewer than so many taken from it are too few",
    },
  },

  triggers = { on.alert { name = { "BgpSessionStuck", "BgpSessionIdle", "BgpNeighborStuck" } } },
  rollout  = { first = 1, grow = 1, soak = "1m", max_failures = 0 },
  cooldown = "30m",

  step "look" {
    timeout = "3m",
    uses = {
      ["device.neighbour"] = { device = equals("inputs.device"), neighbour = equals("inputs.neighbor") },
    },
    run    = function(ctx) return device.neighbour(about(ctx)) end,
    verify = is_stuck,
  },

  step "page" {
    needs  = { "look" },
    notify = "on-call",
    run = function(ctx)
      return string.format("the session of %s with %s %s. Say whether it is ended, so that another begins",
        ctx.inputs.device, ctx.inputs.neighbor, tell(ctx.here.look))
    end,
  },

  step "agree" {
    needs   = { "page" },
    approve = {
      role = "responder", text = "End the BGP session, so that another begins? Its routes are gone until then", expires = "1h",
    },
  },

  step "reset" {
    needs   = { "agree" },
    timeout = "10m",
    uses = {
      ["device.neighbour_reset"] = { device = equals("inputs.device"), neighbour = equals("inputs.neighbor") },
      ["device.neighbour"]       = { device = equals("inputs.device"), neighbour = equals("inputs.neighbor") },
      ["host.cpu"]               = { seconds = equals(2) },
    },
    run = function(ctx)
      local seen, text, code = device.neighbour(about(ctx))
      if not seen then
        return nil, text, code
      end
      local stuck, why = is_stuck(ctx, seen)
      if not stuck then
        return nil, why
      end
      return device.neighbour_reset(about(ctx))
    end,

    -- Both ends wait for one another, for some seconds or for minutes.
    verify = function(ctx)
      local seen, text, code = await(ctx, 30)
      if not seen then
        return nil, text, code
      end
      return is_well(ctx, seen), string.format("the session with %s %s", ctx.inputs.neighbor, tell(seen))
    end,
  },
}
