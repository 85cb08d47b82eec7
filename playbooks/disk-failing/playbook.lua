-- SPDX-License-Identifier: Apache-2.0
-- Tells people what a drive says of its health, and what stands on it, before it fails. Changes nothing.

-- Each: a field of what the drive says, the most that is well, and what more of it means.
local SIGNS = {
  { "pending", 0, "%d sectors cannot be read" },
  { "uncorrectable", 0, "%d sectors are lost" },
  { "reallocated", 50, "%d sectors were replaced" },
  { "media_errors", 0, "%d errors of its medium" },
  { "used_percent", 95, "%d %% of its life is used" },
  { "temperature_c", 65, "it is %d degrees hot" },
}

-- sda1 is on sda and nvme0n1p2 on nvme0; sdaa1 is not on sda, nor nvme10n1 on nvme1.
local function is_on(device, drive)
  return device:sub(1, #drive) == drive and device:find("^n?%d*p?%d*$", #drive + 1) ~= nil
end

return playbook {
  name    = "disk-failing",
  summary = "Tell people that a drive begins to fail, and what stands on it",

  inputs = {
    drive = input.name { from = "labels.device", help = "such as sda or nvme0" },
  },

  triggers = {
    on.alert {
      name = {
        "SmartDeviceFailing", "SmartDriveFailing", "SmartctlDeviceStatus", "HostDiskFailing",
        "SmartCriticalWarning", "SmartMediaErrors", "SmartNvmeWearoutIndicator",
        "CurrentPendingSector", "OfflineUncorrectableSector", -- smartd
      },
    },
  },
  rollout  = { first = 1, grow = 4, soak = "10s", max_failures = 1 },
  cooldown = "12h",

  step "look" {
    timeout = "2m",
    uses = {
      ["disk.health"] = { device = equals("inputs.drive") },
      ["disk.mounts"] = {},
    },
    run = function(ctx)
      local health, text, code = disk.health { device = ctx.inputs.drive }
      if not health then
        return nil, text, code
      end
      local mounted, text, code = disk.mounts {}
      if not mounted then
        return nil, text, code
      end
      local seen = { model = health.model, serial = health.serial, signs = {}, mounts = {} }
      if health.passed == false then
        seen.signs[1] = "it says itself that it fails"
      end
      for _, sign in ipairs(SIGNS) do
        local value = health[sign[1]]
        if value and value > sign[2] then
          seen.signs[#seen.signs + 1] = string.format(sign[3], value)
        end
      end
      for _, mount in ipairs(mounted.mounts) do
        if is_on(mount.device, "/dev/" .. ctx.inputs.drive) then
          seen.mounts[#seen.mounts + 1] = mount.path
        end
      end
      return seen
    end,
  },

  step "page" {
    needs  = { "look" },
    notify = "on-call",
    when   = function(ctx)
      return #ctx.here.look.signs > 0
    end,
    run = function(ctx)
      local seen = ctx.here.look
      return string.format("%s of %s (%s, serial %s) begins to fail: %s; on it: %s; see that there is a copy, and order another",
        ctx.inputs.drive, ctx.target.worker, seen.model, seen.serial, table.concat(seen.signs, ", "),
        #seen.mounts > 0 and table.concat(seen.mounts, ", ") or "nothing mounted by itself")
    end,
  },
}
