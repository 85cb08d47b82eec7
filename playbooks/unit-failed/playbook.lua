-- SPDX-License-Identifier: Apache-2.0
-- Starts a unit that failed, once; one that failed over and over is for people.

-- How the unit is, and how often systemd itself started it again.
local function state_of(ctx)
  local now, text, code = unit.status { unit = ctx.inputs.unit }
  if not now then
    return nil, text, code
  end
  return {
    active = now.active, state = now.state, result = now.result or "",
    restarts = now.restarts or 0,
  }
end

return playbook {
  name    = "unit-failed",
  summary = "Start a systemd unit that failed, and see that it stays up",

  inputs = {
    unit = input.string {
      from = "labels.name", pattern = "[a-zA-Z0-9@:_.-]+", help = "with its ending, such as nginx.service",
    },
    restarts = input.integer {
      default = 3, range = { 0, 100 }, help = "by systemd itself; after more of them people are told instead",
    },
    pause = input.integer { default = 20, range = { 1, 30 }, help = "seconds between two looks" },
  },

  triggers = { on.alert { name = { "NodeSystemdServiceFailed", "HostSystemdServiceCrashed", "SystemdUnitFailed" } } },
  rollout  = { first = 1, grow = 2, soak = "30s", max_failures = 0 },
  cooldown = "15m",

  step "look" {
    timeout = "2m",
    uses = {
      ["unit.status"]   = { unit = equals("inputs.unit") },
      ["journal.query"] = { unit = equals("inputs.unit"), count = equals(20) },
    },
    run = function(ctx)
      local seen, text, code = state_of(ctx)
      if not seen then
        return nil, text, code
      end
      local told, text, code = journal.query { unit = ctx.inputs.unit, count = 20 }
      if not told then
        return nil, text, code
      end
      seen.said = {}
      for index, entry in ipairs(told.entries) do
        seen.said[index] = entry.text
      end
      return seen
    end,
  },

  step "page" {
    needs  = { "look" },
    notify = "on-call",
    when   = function(ctx)
      local seen = ctx.here.look
      return seen.active == "failed" and (seen.restarts > ctx.inputs.restarts or seen.state == "masked")
    end,
    run = function(ctx)
      local seen = ctx.here.look
      return string.format("%s on %s failed (%s), %s; it is not started; it said last: %s", ctx.inputs.unit,
        ctx.target.worker, seen.result,
        seen.state == "masked" and "and somebody masked it"
          or string.format("after systemd started it %d times again", seen.restarts),
        seen.said[1] or "nothing")
    end,
  },

  step "start" {
    needs   = { "look", "page" },
    timeout = "4m",
    uses = {
      ["unit.reset_failed"] = { unit = equals("inputs.unit") },
      ["unit.start"]        = { unit = equals("inputs.unit") },
      ["unit.status"]       = { unit = equals("inputs.unit") },
      ["host.cpu"]          = { seconds = equals("inputs.pause") },
    },

    when = function(ctx)
      local seen = ctx.here.look
      return seen.active == "failed" and seen.restarts <= ctx.inputs.restarts and seen.state ~= "masked"
    end,

    run = function(ctx)
      local clean, text, code = unit.reset_failed { unit = ctx.inputs.unit }
      if not clean then
        return nil, text, code
      end
      return unit.start { unit = ctx.inputs.unit }
    end,

    -- Two looks, a pause apart: what comes up and falls over again is not up.
    verify = function(ctx)
      for look = 1, 2 do
        local now, text, code = state_of(ctx)
        if not now then
          return nil, text, code
        elseif now.active ~= "active" then
          return false, string.format("%s is %s (%s)", ctx.inputs.unit, now.active, now.result)
        end
        if look == 1 then
          local busy, text, code = host.cpu { seconds = ctx.inputs.pause }
          if not busy then
            return nil, text, code
          end
        end
      end
      return true
    end,
  },
}
