-- SPDX-License-Identifier: Apache-2.0
-- Starts a backup again whose last good one is too old, and waits until a new one is there.

local HOUR_MS = 3600000

local function now_ms()
  local up, text, code = host.uptime {}
  if not up then
    return nil, text, code
  end
  return up.since + up.uptime_ms
end

-- The newest backup since then; its file is nil where there is none.
local function newest(ctx, since)
  local found, text, code = file.find {
    path = ctx.inputs.folder, kind = "file", min_bytes = 1, count = 1, newer_than = math.max(0, since),
  }
  if not found then
    return nil, text, code
  end
  return { file = found.files[1] }
end

return playbook {
  name    = "backup-stale",
  summary = "Start a backup again whose last good one is too old",

  inputs = {
    folder = input.path { from = "labels.path", help = "where the backups come to lie" },
    unit   = input.name { from = "labels.unit", help = "the unit that makes one, such as backup.service" },
    hours  = input.integer { default = 26, range = { 1, 8760 }, help = "a younger backup is good" },
  },

  triggers = { on.alert { name = { "BackupFailed", "BackupTooOld", "BackupStale", "ResticBackupTooOld" } } },
  rollout  = { first = 1, grow = 2, soak = "30s", max_failures = 0 },
  cooldown = "6h",

  step "look" {
    timeout = "3m",
    uses = {
      ["host.uptime"] = {},
      ["file.find"]   = { path = equals("inputs.folder"), kind = equals("file"), count = equals(1) },
      ["disk.usage"]  = { path = equals("inputs.folder") },
      ["unit.status"] = { unit = equals("inputs.unit") },
    },
    run = function(ctx)
      local now, text, code = now_ms()
      if not now then
        return nil, text, code
      end
      local last, text, code = newest(ctx, now - ctx.inputs.hours * HOUR_MS)
      if not last then
        return nil, text, code
      end
      local usage, text, code = disk.usage { path = ctx.inputs.folder }
      if not usage then
        return nil, text, code
      end
      local unit, text, code = unit.status { unit = ctx.inputs.unit }
      if not unit then
        return nil, text, code
      end
      return { -- what a run left that failed is no backup
        at = now, file = unit.active ~= "failed" and last.file or nil, used_percent = usage.used_percent,
        active = unit.active, result = unit.result, exit_status = unit.exit_status,
      }
    end,
    -- Nothing is started that must fail, or that runs already.
    verify = function(_, seen)
      if seen.file then
        return true
      elseif seen.active == "activating" then
        return false, "a backup is being made: see why it takes so long"
      end
      return seen.used_percent < 97, string.format("%d %% of the backups' disk is used: make room first", seen.used_percent)
    end,
  },

  step "start" {
    needs   = { "look" },
    timeout = "4m",
    uses = {
      ["unit.reset_failed"] = { unit = equals("inputs.unit") },
      ["unit.start"]        = { unit = equals("inputs.unit") },
      ["unit.status"]       = { unit = equals("inputs.unit") },
    },
    on_failure = { "page" },

    when = function(ctx)
      return not ctx.here.look.file
    end,

    run = function(ctx)
      if ctx.here.look.active == "failed" then
        local done, text, code = unit.reset_failed { unit = ctx.inputs.unit }
        if not done then
          return nil, text, code
        end
      end
      local begun, text, code = unit.start { unit = ctx.inputs.unit }
      if not begun and code ~= "timeout" then -- a large one takes longer than a start may
        return nil, text, code
      end
      return begun and begun.active or "activating"
    end,

    verify = function(ctx)
      local unit, text, code = unit.status { unit = ctx.inputs.unit }
      if not unit then
        return nil, text, code
      end
      return unit.active ~= "failed", string.format("%s failed again: %s", ctx.inputs.unit, unit.result or "it does not say why")
    end,
  },

  step "see" {
    needs      = { "look", "start" },
    timeout    = "2m",
    retry      = { count = 4, pause = "5m" },
    on_failure = { "page" },
    uses = {
      ["file.find"]   = { path = equals("inputs.folder"), kind = equals("file"), count = equals(1) },
      ["unit.status"] = { unit = equals("inputs.unit") },
    },

    when = function(ctx)
      return not ctx.here.look.file
    end,

    run = function(ctx)
      local last, text, code = newest(ctx, ctx.here.look.at)
      if not last then
        return nil, text, code
      end
      local unit, text, code = unit.status { unit = ctx.inputs.unit }
      if not unit then
        return nil, text, code
      end
      return { file = last.file, active = unit.active }
    end,

    -- A file that grows still is no backup yet.
    verify = function(ctx, last)
      if last.active ~= "inactive" and last.active ~= "active" then
        return false, string.format("%s is %s", ctx.inputs.unit, last.active)
      end
      return last.file ~= nil, "no new backup lies in " .. ctx.inputs.folder
    end,
  },

  step "page" {
    notify = "on-call",
    run = function(ctx)
      return string.format("%s on %s makes no backup: its last good one is over %d hours old", ctx.inputs.unit,
        ctx.target.worker, ctx.inputs.hours)
    end,
  },
}
