-- SPDX-License-Identifier: Apache-2.0
-- Frees space on a filesystem that is nearly full, by removing what apt fetched and logs that were rotated away.

local ARCHIVES = "/var/cache/apt/archives"

local function usage_of(ctx)
  return disk.usage { path = ctx.inputs.mount }
end

-- What apt fetched goes first: it fetches it again. Where the machine has none, or keeps it, that is all right.
local function clean_packages(mount)
  local below = mount == "/" and "/" or mount .. "/"
  if ARCHIVES:sub(1, #below) ~= below then
    return { freed_bytes = 0 }
  end
  local clean, text, code = package.clean {}
  if clean or code == "unknown" or code == "timeout" then
    return clean, text, code
  end
  say("what apt fetched stays: " .. text)
  return { freed_bytes = 0 }
end

-- What the journal gave back: nothing where it may keep all, or there is room enough without.
local function shorten_journal(ctx)
  if not ctx.inputs.journal_bytes then
    return { freed_bytes = 0 }
  end
  local now, text, code = usage_of(ctx)
  if not now then
    return nil, text, code
  elseif now.used_percent <= ctx.inputs.goal then
    return { freed_bytes = 0 }
  end
  return journal.vacuum { keep_bytes = ctx.inputs.journal_bytes }
end

-- Says what else takes the room, for people; what the machine's policy keeps to itself is not said.
local function tell_what_is_left(ctx)
  for _, file in ipairs(disk.largest { path = ctx.inputs.mount, count = 5 } or {}) do
    say(string.format("%s takes %d MB", file.path, file.bytes // 1000000))
  end
  local held = process.files { deleted = true }
  if held and held.deleted_bytes > 0 then
    say(string.format("deleted files that are open take %d MB: deleted-files-open is for them", held.deleted_bytes // 1000000))
  end
  local kept = journal.usage {}
  if kept then
    say(string.format("the journal takes %d MB", kept.bytes // 1000000))
  end
end

return playbook {
  name    = "disk-full",
  summary = "Free space on a filesystem that is nearly full",

  inputs = {
    mount = input.path {
      default = "/", from = "labels.mountpoint", help = "where the filesystem is mounted",
    },
    goal = input.percent { default = 80, help = "stop once usage is no higher" },
    journal_bytes = input.integer {
      optional = true, range = { 1048576, 1000000000000 },
      help = "that the machine's journal may keep; left out: all that it has",
    },
  },

  triggers = {
    on.alert {
      name = {
        "NodeFilesystemAlmostOutOfSpace", "HostOutOfDiskSpace", "NodeFilesystemSpaceFillingUp",
        "HostDiskMayFillIn24Hours",
        "Root Partition", "disk", "disk /", -- Nagios, Icinga
        "/: Disk space is low", "/: Disk space is critically low", "Linux: FS [/]: Space is low", -- Zabbix
        "Linux: FS [/]: Space is critically low",
        "dskErrorFlag", -- UCD-SNMP
      },
    },
  },
  rollout = { first = 1, grow = 2, soak = "30s", max_failures = 0 },

  step "usage" {
    uses    = { ["disk.usage"] = { path = equals("inputs.mount") } },
    timeout = "30s",
    run     = usage_of,
  },

  step "free" {
    needs   = { "usage" },
    timeout = "5m",
    uses = {
      ["disk.usage"]     = { path = equals("inputs.mount") },
      ["disk.largest"]   = { path = equals("inputs.mount"), count = to(50) },
      ["package.clean"]  = {},
      ["file.remove"]    = { path = under("inputs.mount") },
      ["journal.vacuum"] = { keep_bytes = equals("inputs.journal_bytes") },
      ["journal.usage"]  = {},
      ["process.files"]  = { deleted = equals(true) },
    },

    when = function(ctx)
      return ctx.here.usage.used_percent > ctx.inputs.goal
    end,

    run = function(ctx)
      local logs, text, code = disk.largest { path = ctx.inputs.mount, rotated = true, count = 50 }
      if not logs then
        return nil, text, code
      end
      local clean, text, code = clean_packages(ctx.inputs.mount)
      if not clean then
        return nil, text, code
      end
      local shorter, text, code = shorten_journal(ctx)
      if not shorter then
        return nil, text, code
      end
      local report = { freed_bytes = clean.freed_bytes + shorter.freed_bytes, removed = 0, kept = 0, files = {} }
      for _, log in ipairs(logs) do
        local now, text, code = usage_of(ctx)
        if not now then
          return nil, text, code
        elseif now.used_percent <= ctx.inputs.goal then
          break
        end
        local gone, text, code = file.remove { path = log.path }
        if gone then
          report.removed = report.removed + 1
          report.freed_bytes = report.freed_bytes + gone.freed_bytes
          report.files[#report.files + 1] = log.path
        elseif code == "policy" then
          report.kept = report.kept + 1 -- the machine's policy says no, and why
          report.why = text
        else
          return nil, text, code
        end
      end
      return report
    end,

    verify = function(ctx, report)
      local now, text, code = usage_of(ctx)
      if not now then
        return nil, text, code
      end
      if now.used_percent <= ctx.inputs.goal then
        return true
      end
      tell_what_is_left(ctx)
      return false,
        string.format("%d %% used after %d rotated logs were removed and %d kept%s",
          now.used_percent, report.removed, report.kept, report.why and ": " .. report.why or "")
    end,
  },
}
