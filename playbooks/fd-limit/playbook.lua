-- SPDX-License-Identifier: Apache-2.0
-- Raises how many files a machine, or one process of a service, may have open, or restarts the service that holds too many.

local KEY = "fs.file-max"

-- How full the table of the fullest process of the service is, in per cent of its own limit.
local function fullest(ctx)
  local list, text, code = process.list { name = ctx.inputs.process }
  if not list then
    return nil, text, code
  end
  local most = { percent = 0, open = 0, max = -1 }
  for _, one in ipairs(list.processes) do
    local view, text, code = process.view { pid = one.pid } -- one that ended meanwhile holds nothing
    if not view and code ~= "not-found" then
      return nil, text, code
    elseif view and view.open_files_max > 0 then
      local percent = view.open_files * 100 // view.open_files_max
      if percent > most.percent then
        most = {
          percent = percent, open = view.open_files, max = view.open_files_max,
          hard = view.open_files_hard, process = view.id,
        }
      end
    end
  end
  return most
end

-- What may have as many open already is restarted instead.
local function wants_room(ctx)
  return ctx.inputs.room ~= nil and ctx.inputs.room > ctx.here.look.max
end

return playbook {
  name    = "fd-limit",
  summary = "Make room for open files, or restart the service that holds too many",

  inputs = {
    service = input.name    { help = "that may hold too many, as the machine's policy names it" },
    process = input.name    { help = "what its processes call themselves" },
    limit   = input.percent { default = 85, help = "of what may be open; above it is too much" },
    room    = input.integer {
      optional = true, range = { 8, 1048576 },
      help = "files that the fullest process may have open then; where it may already, or this is left out, it is restarted",
    },
    max     = input.string {
      default = "2097152", pattern = "[1-9][0-9]{4,8}", help = "files that the machine may have open then",
    },
  },

  triggers = {
    on.alert { name = { "NodeFileDescriptorLimit", "HostFileDescriptorLimit", "ProcessFileDescriptorLimit" } },
  },
  rollout  = { first = 1, grow = 2, soak = "30s", max_failures = 0 },
  keep     = 1,
  cooldown = "30m",

  step "look" {
    timeout = "3m",
    uses = {
      ["host.files"]   = {},
      ["process.list"] = { name = equals("inputs.process") },
      ["process.view"] = { pid = from(2) },
    },
    run = function(ctx)
      local files, text, code = host.files {}
      if not files then
        return nil, text, code
      end
      local most, text, code = fullest(ctx)
      if not most then
        return nil, text, code
      end
      return {
        machine_percent = files.used_percent // 1, machine_max = files.max,
        percent = most.percent, open = most.open, max = most.max, hard = most.hard, process = most.process,
      }
    end,
  },

  step "page" {
    needs  = { "look" },
    notify = "on-call",
    when   = function(ctx)
      return ctx.here.look.machine_percent > ctx.inputs.limit or ctx.here.look.percent > ctx.inputs.limit
    end,
    run = function(ctx)
      local seen = ctx.here.look
      return string.format("%s has %d %% of its files open, and a process of %s %d %% (%d of %d): does it leak, or is LimitNOFILE too low?",
        ctx.target.worker, seen.machine_percent, ctx.inputs.service, seen.percent, seen.open, seen.max)
    end,
  },

  step "raise" {
    needs   = { "look", "page" },
    timeout = "1m",
    uses    = { ["sysctl.set"] = { key = equals("fs.file-max") }, ["host.files"] = {} },

    when = function(ctx)
      local seen = ctx.here.look
      return seen.machine_percent > ctx.inputs.limit and seen.machine_max < tonumber(ctx.inputs.max)
    end,

    run = function(ctx)
      return sysctl.set {
        key = KEY, value = ctx.inputs.max, was = string.format("%d", ctx.here.look.machine_max),
      }
    end,

    verify = function(ctx)
      local now, text, code = host.files {}
      if not now then
        return nil, text, code
      end
      return now.used_percent <= ctx.inputs.limit, string.format("%d %% are open still", now.used_percent // 1)
    end,

    undo = function(ctx)
      return sysctl.set { key = KEY, value = string.format("%d", ctx.here.look.machine_max) }
    end,
  },

  step "widen" {
    needs   = { "look", "raise" },
    timeout = "1m",
    uses = {
      ["process.set_limit"] = { name = equals("inputs.process"), open_files = { from(1), to(1048576) } },
      ["process.list"] = { name = equals("inputs.process") },
      ["process.view"] = { pid = from(2) },
    },

    when = function(ctx)
      return ctx.here.look.percent > ctx.inputs.limit and wants_room(ctx)
    end,

    run = function(ctx)
      return process.set_limit {
        process = ctx.here.look.process, name = ctx.inputs.process, open_files = ctx.inputs.room,
      }
    end,

    verify = function(ctx)
      local most, text, code = fullest(ctx)
      if not most then
        return nil, text, code
      end
      return most.percent <= ctx.inputs.limit, string.format("%d of %d are open still", most.open, most.max)
    end,

    undo = function(ctx)
      local seen = ctx.here.look
      local done, text, code = process.set_limit {
        process = seen.process, name = ctx.inputs.process, open_files = seen.max, hard = seen.hard,
      }
      if code == "not-found" then
        return "it ended, and its limit with it"
      end
      return done, text, code
    end,
  },

  step "restart" {
    needs   = { "look", "widen" },
    timeout = "5m",
    uses = {
      ["service.restart"] = { service = equals("inputs.service") },
      ["service.status"]  = { service = equals("inputs.service") },
      ["process.list"]    = { name = equals("inputs.process") },
      ["process.view"]    = { pid = from(2) },
    },

    when = function(ctx)
      return ctx.here.look.percent > ctx.inputs.limit and not wants_room(ctx)
    end,

    run = function(ctx)
      return service.restart { service = ctx.inputs.service }
    end,

    verify = function(ctx)
      local status, text, code = service.status { service = ctx.inputs.service }
      if not status then
        return nil, text, code
      elseif not status.running then
        return false, "the service does not run"
      end
      local most, text, code = fullest(ctx)
      if not most then
        return nil, text, code
      end
      return most.percent <= ctx.inputs.limit,
        string.format("%d of %d are open again: its limit is too low", most.open, most.max)
    end,
  },
}
