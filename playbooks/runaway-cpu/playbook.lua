-- SPDX-License-Identifier: Apache-2.0
-- Makes the one process modest, limits its unit, or ends it, that takes the processors from all others.

local LOOKS = 3
local MOST = 50 -- processes of that name are looked at, those with most memory first

-- The process of that name that used most processor time within a pause; and how busy the machine was.
local function hottest(ctx)
  local list, text, code = process.list { name = ctx.inputs.process }
  if not list then
    return nil, text, code
  end
  local before = {}
  for index = 1, math.min(#list.processes, MOST) do
    local view, text, code = process.view { pid = list.processes[index].pid } -- it may end meanwhile
    if not view and code ~= "not-found" then
      return nil, text, code
    end
    before[index] = view or false
  end
  local cpu, text, code = host.cpu { seconds = ctx.inputs.pause }
  if not cpu then
    return nil, text, code
  end
  local seen = { busy = cpu.busy_percent // 1, share = 0, unseen = #list.processes + list.left_out - #before }
  for _, was in ipairs(before) do
    local now = was and process.view { pid = was.pid }
    if now and now.id == was.id then
      local share = (now.cpu_ms - was.cpu_ms) // (ctx.inputs.pause * 10)
      if share > seen.share then
        seen.share, seen.process, seen.pid, seen.nice = share, now.id, now.pid, now.nice
      end
    end
  end
  return seen
end

local function runs_away(ctx)
  local seen = ctx.here.look
  return seen.busy > ctx.inputs.limit and seen.share >= ctx.inputs.share
end

return playbook {
  name    = "runaway-cpu",
  summary = "Make a process modest, limit or end it, that takes the processors from all others",

  inputs = {
    process = input.name    { help = "what it calls itself" },
    limit   = input.percent { default = 90, help = "machines that are less busy are left alone" },
    share   = input.integer {
      default = 90, range = { 10, 100000 }, help = "per cent of one processor that it uses, to be the cause",
    },
    pause   = input.integer { default = 20, range = { 1, 30 }, help = "seconds of each measurement" },
    action = input.choice {
      choices = { "renice", "limit", "end" }, default = "renice", help = "what is done to it",
    },
    unit  = input.string {
      optional = true, pattern = "[a-zA-Z0-9@:_.-]+", help = "that it belongs to, such as report.service: what `limit` limits",
    },
    quota = input.integer {
      default = 50, range = { 1, 100000 }, help = "per cent of one processor that the unit may use then, until the next boot",
    },
  },

  triggers = {
    on.alert {
      name = {
        "HostHighCpuLoad", "NodeCPUHighUsage", "NodeSystemSaturation",
        "Current Load", "load", -- Nagios, Icinga
        "High CPU utilization", "Load average is too high", "Linux: High CPU utilization", -- Zabbix
        "Linux: Load average is too high",
      },
    },
  },
  rollout  = { first = 1, grow = 2, soak = "1m", max_failures = 0 },
  at_most  = 10,
  cooldown = "30m",

  step "look" {
    timeout = "5m",
    uses = {
      ["process.list"] = { name = equals("inputs.process") },
      ["process.view"] = { pid = from(2) },
      ["host.cpu"]     = { seconds = equals("inputs.pause") },
    },
    run = function(ctx)
      local seen, text, code
      if ctx.inputs.action == "limit" and not ctx.inputs.unit then
        return nil, "to limit it give the unit that it belongs to", "input"
      end
      for _ = 1, LOOKS do -- it must be so each time
        seen, text, code = hottest(ctx)
        if not seen then
          return nil, text, code
        elseif seen.busy <= ctx.inputs.limit or seen.share < ctx.inputs.share then
          break
        end
      end
      return seen
    end,
  },

  step "page" {
    needs  = { "look" },
    notify = "on-call",
    when   = function(ctx)
      return ctx.here.look.busy > ctx.inputs.limit and not runs_away(ctx)
    end,
    run = function(ctx)
      local unseen = ctx.here.look.unseen > 0 and string.format(" that was looked at, of %d more,", ctx.here.look.unseen) or ""
      return string.format("%s is %d %% busy, and no process '%s'%s is the cause: find what is",
        ctx.target.worker, ctx.here.look.busy, ctx.inputs.process, unseen)
    end,
  },

  step "renice" {
    needs   = { "look", "page" },
    timeout = "1m",
    uses = {
      ["process.renice"] = { name = equals("inputs.process"), nice = { from(-20), to(19) } },
      ["process.view"]   = { pid = from(2) },
    },

    when = function(ctx)
      return runs_away(ctx) and ctx.inputs.action == "renice"
    end,

    run = function(ctx)
      return process.renice { process = ctx.here.look.process, name = ctx.inputs.process, nice = 19 }
    end,

    verify = function(ctx)
      local now, text, code = process.view { pid = ctx.here.look.pid }
      if not now then
        return nil, text, code
      end
      return now.id == ctx.here.look.process and now.nice == 19, "it is no more modest than before"
    end,

    undo = function(ctx)
      return process.renice {
        process = ctx.here.look.process, name = ctx.inputs.process, nice = ctx.here.look.nice,
      }
    end,
  },

  step "before" {
    needs = { "look", "page" },
    uses  = { ["process.view"] = { pid = from(2) }, ["unit.status"] = { unit = equals("inputs.unit") } },
    when  = function(ctx)
      return runs_away(ctx) and ctx.inputs.action == "limit"
    end,
    run = function(ctx)
      local hot, text, code = process.view { pid = ctx.here.look.pid }
      if not hot then
        return nil, text, code
      elseif hot.id ~= ctx.here.look.process or not (hot.cgroup .. "/"):find("/" .. ctx.inputs.unit .. "/", 1, true) then
        return nil, string.format("the process %d is none of %s", ctx.here.look.pid, ctx.inputs.unit)
      end
      local now, text, code = unit.status { unit = ctx.inputs.unit }
      if not now then
        return nil, text, code
      elseif now.cpu_max_percent and now.cpu_max_percent <= ctx.inputs.quota then
        return nil, string.format("%s is held to %d %% of a processor already", ctx.inputs.unit, now.cpu_max_percent)
      end
      return { memory = now.memory_max_bytes, cpu = now.cpu_max_percent }
    end,
  },

  step "limit" {
    needs   = { "look", "before" },
    timeout = "3m",
    uses = {
      ["unit.limit"]   = { unit = equals("inputs.unit") }, -- to undo it is to name what was there before, or nothing
      ["process.list"] = { name = equals("inputs.process") },
      ["process.view"] = { pid = from(2) },
      ["host.cpu"]     = { seconds = equals("inputs.pause") },
    },

    when = function(ctx)
      return ctx.here.before ~= nil
    end,

    run = function(ctx)
      return unit.limit {
        unit = ctx.inputs.unit, cpu_percent = ctx.inputs.quota, memory_bytes = ctx.here.before.memory,
      }
    end,

    verify = function(ctx)
      local now, text, code = hottest(ctx)
      if not now then
        return nil, text, code
      end
      return now.share <= ctx.inputs.quota + 5,
        string.format("it uses %d %% of a processor still, so it is not held to the limit of %s", now.share, ctx.inputs.unit)
    end,

    undo = function(ctx)
      return unit.limit {
        unit = ctx.inputs.unit, cpu_percent = ctx.here.before.cpu, memory_bytes = ctx.here.before.memory,
      }
    end,
  },

  step "end" {
    needs   = { "look", "page", "renice", "limit" },
    timeout = "3m",
    uses = {
      ["process.signal"] = {
        name = equals("inputs.process"), signal = equals("TERM"), wait_ms = to(30000),
      },
      ["host.cpu"] = { seconds = equals("inputs.pause") },
    },

    when = function(ctx)
      return runs_away(ctx) and ctx.inputs.action == "end"
    end,

    run = function(ctx)
      return process.signal {
        process = ctx.here.look.process, name = ctx.inputs.process, signal = "TERM", wait_ms = 30000,
      }
    end,

    verify = function(ctx, done)
      if not done.ended then
        return false, "it did not end within 30 s"
      end
      local now, text, code = host.cpu { seconds = ctx.inputs.pause }
      if not now then
        return nil, text, code
      end
      return now.busy_percent <= ctx.inputs.limit,
        string.format("%d %% busy still", now.busy_percent // 1)
    end,
  },
}
