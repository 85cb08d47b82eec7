-- SPDX-License-Identifier: Apache-2.0
-- Frees space on a filesystem that is nearly full, by removing logs that were rotated away.

local function usage_of(ctx)
  return disk.usage { path = ctx.inputs.mount }
end

return playbook {
  name    = "disk-full",
  summary = "Free space on a filesystem that is nearly full",

  inputs = {
    mount = input.path {
      default = "/", from = "labels.mountpoint", help = "where the filesystem is mounted",
    },
    goal = input.percent { default = 80, help = "stop once usage is no higher" },
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
      ["disk.usage"]   = { path = equals("inputs.mount") },
      ["disk.largest"] = { path = equals("inputs.mount"), rotated = equals(true), count = to(50) },
      ["file.remove"]  = { path = under("inputs.mount") },
    },

    when = function(ctx)
      return ctx.here.usage.used_percent > ctx.inputs.goal
    end,

    run = function(ctx)
      local logs, text, code = disk.largest { path = ctx.inputs.mount, rotated = true, count = 50 }
      if not logs then
        return nil, text, code
      end
      local report = { freed_bytes = 0, removed = 0, kept = 0, files = {} }
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
      return now.used_percent <= ctx.inputs.goal,
        string.format("%d %% used after %d rotated logs were removed and %d kept%s",
          now.used_percent, report.removed, report.kept, report.why and ": " .. report.why or "")
    end,
  },
}
