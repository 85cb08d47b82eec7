-- SPDX-License-Identifier: Apache-2.0
-- Restarts the one service that is known to leak, where work stands still for want of memory.

local function stalled_percent()
  local pressure, text, code = host.pressure {}
  if not pressure then
    return nil, text, code
  end
  return pressure.memory.some_60s_percent // 1
end

-- What the service's processes hold; one that ended meanwhile holds nothing.
local function held_bytes(ctx)
  local list, text, code = process.list { name = ctx.inputs.process }
  if not list then
    return nil, text, code
  end
  local held = 0
  for _, one in ipairs(list.processes) do
    local view, text, code = process.view { pid = one.pid }
    if not view and code ~= "not-found" then
      return nil, text, code
    end
    held = held + (view and view.memory_bytes + view.swap_bytes or 0)
  end
  return held
end

return playbook {
  name    = "memory-pressure",
  summary = "Restart a service that leaks, where work stands still for want of memory",

  inputs = {
    service = input.name    { help = "the service that leaks, as the machine's policy names it" },
    process = input.name    { help = "what its processes call themselves" },
    limit   = input.percent {
      default = 10, help = "of a minute, for which work may stand still; above it is too much",
    },
    megabytes = input.integer {
      default = 500, range = { 1, 1000000 }, help = "a service that holds less is not the leak",
    },
  },

  triggers = {
    on.alert {
      name = {
        "HostMemoryUnderMemoryPressure", "HostOutOfMemory", "NodeMemoryMajorPagesFaults",
        "NodeMemoryHighUtilization", "HostSwapIsFillingUp",
        "Swap Usage", "swap", -- Nagios, Icinga
        "High memory utilization", "Lack of available memory", "High swap space usage", -- Zabbix
        "Linux: High memory utilization", "Linux: Lack of available memory", "Linux: High swap space usage",
      },
    },
  },
  rollout  = { first = 1, grow = 2, soak = "1m", max_failures = 0 },
  at_most  = 10,
  keep     = 1,
  cooldown = "30m",

  step "look" {
    timeout = "2m",
    uses = {
      ["host.pressure"] = {},
      ["host.memory"]   = {},
      ["process.list"]  = { name = equals("inputs.process") },
      ["process.view"]  = { pid = from(2) },
    },
    run = function(ctx)
      local pressed, text, code = stalled_percent()
      if not pressed then
        return nil, text, code
      end
      local memory, text, code = host.memory {}
      if not memory then
        return nil, text, code
      end
      local held, text, code = held_bytes(ctx)
      if not held then
        return nil, text, code
      end
      return { pressed = pressed, used_percent = memory.used_percent, held_bytes = held }
    end,
  },

  step "page" {
    needs  = { "look" },
    notify = "on-call",
    when   = function(ctx)
      local seen = ctx.here.look
      return seen.pressed > ctx.inputs.limit and seen.held_bytes < ctx.inputs.megabytes * 1000000
    end,
    run = function(ctx)
      return string.format("%s stands still for want of memory %d %% of the time, and %s holds %d MB only: find what else does",
        ctx.target.worker, ctx.here.look.pressed, ctx.inputs.service, ctx.here.look.held_bytes // 1000000)
    end,
  },

  step "restart" {
    needs   = { "look", "page" },
    timeout = "5m",
    uses = {
      ["service.restart"] = { service = equals("inputs.service") },
      ["service.status"]  = { service = equals("inputs.service") },
      ["process.list"]    = { name = equals("inputs.process") },
      ["process.view"]    = { pid = from(2) },
    },

    when = function(ctx)
      local seen = ctx.here.look
      return seen.pressed > ctx.inputs.limit and seen.held_bytes >= ctx.inputs.megabytes * 1000000
    end,

    run = function(ctx)
      return service.restart { service = ctx.inputs.service }
    end,

    -- Pressure is an average over a minute, and others may take what the restart freed: that it was freed shows at once.
    verify = function(ctx)
      local status, text, code = service.status { service = ctx.inputs.service }
      if not status then
        return nil, text, code
      elseif not status.running then
        return false, "the service does not run"
      end
      local held, text, code = held_bytes(ctx)
      if not held then
        return nil, text, code
      end
      return held < ctx.inputs.megabytes * 1000000, string.format("it holds %d MB still", held // 1000000)
    end,
  },
}
