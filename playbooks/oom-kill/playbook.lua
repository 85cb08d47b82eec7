-- SPDX-License-Identifier: Apache-2.0
-- Starts the service again that the kernel killed for want of memory, once there is room for it, and within a limit where
-- one is given.

local LOOKS = 3 -- pauses, after which nothing may have been killed anew

-- Of a unit's last end: systemd sees who killed only where groups of the second version count memory, and gives up in the end
-- where it was killed over and over.
local KILLED = { ["oom-kill"] = true, signal = true, ["start-limit-hit"] = true }

local function kills_now()
  local oom, text, code = host.oom {}
  if not oom then
    return nil, text, code
  end
  return oom.kills
end

local function may_start(ctx)
  return not ctx.here.look.running and ctx.here.look.used_percent <= ctx.inputs.room
end

return playbook {
  name    = "oom-kill",
  summary = "Start a service again that the kernel killed for want of memory",

  inputs = {
    service = input.name    { from = "labels.service", help = "the victim, as the machine's policy names it" },
    room    = input.percent { default = 90, help = "where more memory is used it is not started" },
    unit    = input.string  {
      optional = true, pattern = "[a-zA-Z0-9@:_.-]+", help = "of the service, such as web.service: it is limited first",
    },
    memory  = input.integer {
      optional = true, range = { 1048576, 1099511627776 }, help = "bytes that the unit may use, until the next boot",
    },
    pause   = input.integer { default = 20, range = { 1, 30 }, help = "seconds between two looks" },
  },

  triggers = { on.alert { name = { "HostOomKillDetected", "NodeOomKill" } } },
  rollout  = { first = 1, grow = 2, soak = "1m", max_failures = 0 },
  at_most  = 10,
  cooldown = "30m",

  step "look" {
    timeout = "1m",
    uses = {
      ["host.oom"]       = {},
      ["host.memory"]    = {},
      ["service.status"] = { service = equals("inputs.service") },
    },
    run = function(ctx)
      if (ctx.inputs.unit == nil) ~= (ctx.inputs.memory == nil) then
        return nil, "unit and memory go together: give both, or neither", "input"
      end
      local oom, text, code = host.oom {}
      if not oom then
        return nil, text, code
      end
      local memory, text, code = host.memory {}
      if not memory then
        return nil, text, code
      end
      local status, text, code = service.status { service = ctx.inputs.service }
      if not status then
        return nil, text, code
      end
      return {
        kills = oom.kills, cgroups = oom.cgroups, used_percent = memory.used_percent // 1,
        running = status.running,
      }
    end,
  },

  step "page" {
    needs  = { "look" },
    notify = "on-call",
    when   = function(ctx)
      return not ctx.here.look.running and ctx.here.look.used_percent > ctx.inputs.room
    end,
    run = function(ctx)
      return string.format("the kernel killed %s on %s, and %d %% of memory is used: make room, then start it",
        ctx.inputs.service, ctx.target.worker, ctx.here.look.used_percent)
    end,
  },

  step "before" {
    needs = { "look", "page" },
    uses  = { ["unit.status"] = { unit = equals("inputs.unit") } },
    when  = function(ctx)
      return ctx.inputs.unit ~= nil and may_start(ctx)
    end,
    run = function(ctx)
      local now, text, code = unit.status { unit = ctx.inputs.unit }
      if not now then
        return nil, text, code
      elseif now.active == "active" or not KILLED[now.result] then
        return nil, string.format("%s is %s and its last end was '%s': it is not the unit of %s, which the kernel killed",
          ctx.inputs.unit, now.active, now.result or "unknown", ctx.inputs.service), "input"
      end
      return { memory = now.memory_max_bytes, cpu = now.cpu_max_percent }
    end,
  },

  step "limit" {
    needs = { "before" },
    uses = {
      ["unit.limit"]  = { unit = equals("inputs.unit") }, -- to undo it is to name what was there before, or nothing
      ["unit.status"] = { unit = equals("inputs.unit") },
    },

    when = function(ctx)
      local before = ctx.here.before
      return before and not (before.memory and before.memory <= ctx.inputs.memory)
    end,

    run = function(ctx)
      return unit.limit {
        unit = ctx.inputs.unit, memory_bytes = ctx.inputs.memory, cpu_percent = ctx.here.before.cpu,
      }
    end,

    verify = function(ctx)
      local now, text, code = unit.status { unit = ctx.inputs.unit }
      if not now then
        return nil, text, code
      end
      return now.memory_max_bytes == ctx.inputs.memory, "systemd does not hold the unit to it"
    end,

    undo = function(ctx)
      return unit.limit {
        unit = ctx.inputs.unit, memory_bytes = ctx.here.before.memory, cpu_percent = ctx.here.before.cpu,
      }
    end,
  },

  step "start" {
    needs   = { "look", "page", "limit" },
    timeout = "5m",
    uses = {
      ["service.start"]  = { service = equals("inputs.service") },
      ["service.status"] = { service = equals("inputs.service") },
      ["host.oom"]       = {},
      ["host.cpu"]       = { seconds = equals("inputs.pause") },
    },

    when = may_start,

    run = function(ctx)
      return service.start { service = ctx.inputs.service }
    end,

    verify = function(ctx)
      for _ = 1, LOOKS do
        local busy, text, code = host.cpu { seconds = ctx.inputs.pause }
        if not busy then
          return nil, text, code
        end
      end
      local kills, text, code = kills_now()
      if not kills then
        return nil, text, code
      elseif kills > ctx.here.look.kills then
        return false, string.format("%d more were killed since", kills - ctx.here.look.kills)
      end
      local status, text, code = service.status { service = ctx.inputs.service }
      if not status then
        return nil, text, code
      end
      return status.running, "the service does not run"
    end,
  },
}
