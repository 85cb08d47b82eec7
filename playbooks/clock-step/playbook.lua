-- SPDX-License-Identifier: Apache-2.0
-- Steps a clock that is wrong by too much to be turned slowly, by two servers' word, once a person agrees.

local LOOKS = 3

-- The least that the clock was wrong by, in ms, within LOOKS looks at a server.
local function drift_by(server)
  local least
  for _ = 1, LOOKS do
    local told, text, code = ntp.offset { address = server }
    if not told then
      return nil, text, code
    elseif not least or math.abs(told.offset_ms) < math.abs(least) then
      least = told.offset_ms
    end
  end
  return least
end

local function is_right(ctx, server)
  local told, text, code = ntp.offset { address = server }
  if not told then
    return nil, text, code
  end
  return math.abs(told.offset_ms) <= ctx.inputs.limit, string.format("the clock is wrong by %d ms still", told.offset_ms)
end

return playbook {
  name    = "clock-step",
  summary = "Step a clock that is wrong by too much to be turned slowly, once a person agrees",

  inputs = {
    service = input.name    { default = "chrony", help = "the time service, as the machine's policy names it" },
    server  = input.address { help = "a time server" },
    witness = input.address { help = "another one: both must agree" },
    limit   = input.integer {
      default = 50, range = { 1, 60000 }, help = "milliseconds that the clock may be wrong by, and the servers may differ by",
    },
    least = input.integer {
      default = 1000, range = { 100, 86400000 }, help = "milliseconds; one that is wrong by less is for ntp-drift",
    },
    most = input.integer {
      default = 3600000, range = { 100, 86400000 }, help = "milliseconds; one that is wrong by more is not stepped",
    },
  },

  triggers = { on.alert { name = { "HostClockFarOff", "NodeClockFarOff" } } },
  rollout  = { first = 1, grow = 1, soak = "1m", max_failures = 0 },
  at_most  = 5,
  cooldown = "1h",

  step "look" {
    timeout = "2m",
    uses    = { ["ntp.offset"] = { address = one_of { "inputs.server", "inputs.witness" } } },
    run = function(ctx)
      local drift, text, code = drift_by(ctx.inputs.server)
      if not drift then
        return nil, text, code
      end
      local witnessed, text, code = drift_by(ctx.inputs.witness)
      if not witnessed then
        return nil, text, code
      end
      return { drift_ms = drift, witnessed_ms = witnessed }
    end,
    verify = function(ctx, seen)
      if math.abs(seen.drift_ms - seen.witnessed_ms) > ctx.inputs.limit then
        return false, string.format("the servers disagree: %d ms and %d ms", seen.drift_ms, seen.witnessed_ms)
      elseif math.abs(seen.drift_ms) > ctx.inputs.most then
        return false, string.format("the clock is wrong by %d ms: see why before anything sets it", seen.drift_ms)
      end
      return math.abs(seen.drift_ms) >= ctx.inputs.least, string.format("the clock is wrong by %d ms alone", seen.drift_ms)
    end,
  },

  step "page" {
    needs  = { "look" },
    notify = "on-call",
    run = function(ctx)
      return string.format("the clock of %s is wrong by %d ms, as two servers say: say whether it may jump by that",
        ctx.target.worker, ctx.here.look.drift_ms)
    end,
  },

  step "agree" {
    needs   = { "page" },
    approve = {
      role = "responder", text = "Step the clock? Programs see time jump, and a database may lose its order", expires = "1h",
    },
  },

  step "step" {
    needs   = { "agree" },
    timeout = "2m",
    uses = {
      ["clock.step"] = { address = equals("inputs.server"), most_ms = equals("inputs.most"), least_ms = equals("inputs.limit") },
      ["ntp.offset"] = { address = equals("inputs.witness") },
    },
    run = function(ctx)
      return clock.step { address = ctx.inputs.server, most_ms = ctx.inputs.most, least_ms = ctx.inputs.limit }
    end,
    verify = function(ctx)
      return is_right(ctx, ctx.inputs.witness)
    end,
  },

  -- It starts from the time as it is now, and forgets what it held against its servers.
  step "restart" {
    needs   = { "step" },
    timeout = "3m",
    uses = {
      ["service.restart"] = { service = equals("inputs.service") },
      ["ntp.offset"]      = { address = equals("inputs.server") },
      ["host.cpu"]        = { seconds = equals(5) },
    },
    run = function(ctx)
      return service.restart { service = ctx.inputs.service }
    end,
    verify = function(ctx)
      local paused, text, code = host.cpu { seconds = 5 }
      if not paused then
        return nil, text, code
      end
      return is_right(ctx, ctx.inputs.server)
    end,
  },
}
