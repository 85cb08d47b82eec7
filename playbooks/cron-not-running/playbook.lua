-- SPDX-License-Identifier: Apache-2.0
-- Starts cron where it should run and does not, and sees that it stays up.

-- Whether cron runs at each of three looks, a pause apart.
local function stays_up(ctx)
  for look = 1, 3 do
    local unit, text, code = unit.status { unit = ctx.inputs.unit }
    if not unit then
      return nil, text, code
    elseif unit.active ~= "active" then
      return false, string.format("%s is %s at look %d", ctx.inputs.unit, unit.active, look)
    end
    if look < 3 then
      local paused, text, code = host.cpu { seconds = ctx.inputs.pause }
      if not paused then
        return nil, text, code
      end
    end
  end
  return true
end

return playbook {
  name    = "cron-not-running",
  summary = "Start cron where it should run and does not",

  inputs = {
    unit  = input.name { default = "cron.service", help = "the unit that runs the machine's jobs" },
    pause = input.integer { default = 10, range = { 1, 30 }, help = "seconds between two looks" },
  },

  triggers = {
    on.alert {
      name = {
        "CronNotRunning", "CronDown", "CronJobsMissed",
        "cron.service: Service is not running", -- Zabbix
      },
    },
  },
  rollout  = { first = 1, grow = 4, soak = "30s", max_failures = 0 },
  cooldown = "30m",

  step "look" {
    timeout = "1m",
    uses = {
      ["unit.status"] = { unit = equals("inputs.unit") },
      ["cron.list"]   = {},
    },
    run = function(ctx)
      local unit, text, code = unit.status { unit = ctx.inputs.unit }
      if not unit then
        return nil, text, code
      end
      local tables, text, code = cron.list {}
      if not tables then
        return nil, text, code
      end
      return { active = unit.active, state = unit.state, result = unit.result, jobs = #tables.jobs + tables.left_out }
    end,
    verify = function(ctx, seen)
      return seen.state ~= "masked" and seen.state ~= "disabled",
        string.format("%s is %s: somebody turned it off", ctx.inputs.unit, seen.state)
    end,
  },

  step "start" {
    needs   = { "look" },
    timeout = "4m",
    uses = {
      ["unit.start"]  = { unit = equals("inputs.unit") },
      ["unit.stop"]   = { unit = equals("inputs.unit") },
      ["unit.status"] = { unit = equals("inputs.unit") },
      ["host.cpu"]    = { seconds = equals("inputs.pause") },
    },

    when = function(ctx)
      return ctx.here.look.active ~= "active"
    end,

    run = function(ctx)
      say(string.format("%d jobs wait for %s", ctx.here.look.jobs, ctx.inputs.unit))
      return unit.start { unit = ctx.inputs.unit }
    end,

    verify = stays_up,

    undo = function(ctx)
      return unit.stop { unit = ctx.inputs.unit }
    end,
  },
}
