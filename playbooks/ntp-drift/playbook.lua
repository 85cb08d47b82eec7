-- SPDX-License-Identifier: Apache-2.0
-- Restarts the time service of a machine whose clock drifts, as long as that steps no clock.

local LOOKS = 3

-- By how much the clock is wrong, in ms, as a server says.
local function offset_by(server)
  local told, text, code = ntp.offset { address = server }
  if not told then
    return nil, text, code
  end
  return told.offset_ms
end

-- The least that the clock was wrong by within LOOKS looks: it must be so each time.
local function drift_by(server)
  local least
  for _ = 1, LOOKS do
    local offset, text, code = offset_by(server)
    if not offset then
      return nil, text, code
    end
    if not least or math.abs(offset) < math.abs(least) then
      least = offset
    end
  end
  return least
end

return playbook {
  name    = "ntp-drift",
  summary = "Restart the time service of a machine whose clock drifts",

  inputs = {
    service = input.name    { default = "chrony", help = "the time service, as the machine's policy names it" },
    server  = input.address { help = "a time server" },
    witness = input.address { help = "another one: both must agree" },
    limit   = input.integer {
      default = 50, range = { 1, 60000 }, help = "milliseconds that the clock may be wrong by",
    },
    most = input.integer {
      default = 1000, range = { 1, 86400000 },
      help = "milliseconds; one that is wrong by more would be stepped by a restart, and is for people",
    },
  },

  triggers = {
    on.alert {
      name = {
        "HostClockSkew", "HostClockNotSynchronising", "NodeClockSkewDetected", "NodeClockNotSynchronising",
        "System time is out of sync", "Linux: System time is out of sync", -- Zabbix
      },
    },
  },
  rollout  = { first = 1, grow = 2, soak = "1m", max_failures = 0 },
  cooldown = "1h",

  step "look" {
    timeout    = "2m",
    on_failure = { "page" },
    uses       = { ["ntp.offset"] = { address = one_of { "inputs.server", "inputs.witness" } } },
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
      end
      return math.abs(seen.drift_ms) <= ctx.inputs.most,
        string.format("the clock is wrong by %d ms: whether it may be stepped is for people to say", seen.drift_ms)
    end,
  },

  step "restart" {
    needs      = { "look" },
    timeout    = "6m",
    on_failure = { "page" },
    uses = {
      ["service.restart"] = { service = equals("inputs.service") },
      ["service.status"]  = { service = equals("inputs.service") },
      ["ntp.offset"]      = { address = equals("inputs.server") },
      ["host.cpu"]        = { seconds = equals(10) },
    },

    when = function(ctx)
      return math.abs(ctx.here.look.drift_ms) > ctx.inputs.limit
    end,

    run = function(ctx)
      return service.restart { service = ctx.inputs.service }
    end,

    -- It asks its servers first, then turns the clock slowly.
    verify = function(ctx)
      local offset
      for _ = 1, 18 do
        local busy, text, code = host.cpu { seconds = 10 }
        if not busy then
          return nil, text, code
        end
        offset, text, code = offset_by(ctx.inputs.server)
        if not offset then
          return nil, text, code
        elseif math.abs(offset) <= ctx.inputs.limit then
          local status, text, code = service.status { service = ctx.inputs.service }
          if not status then
            return nil, text, code
          end
          return status.running, "the service does not run"
        end
      end
      return false, string.format("the clock is wrong by %d ms still", offset)
    end,
  },

  step "page" {
    notify = "on-call",
    run = function(ctx)
      return string.format("the clock of %s is wrong, or its time servers are: see why the run failed", ctx.target.worker)
    end,
  },
}
