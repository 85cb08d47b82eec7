-- SPDX-License-Identifier: Apache-2.0
-- Tells people which array lost which drive, and what the drives say of their health; gives one back that dropped out.

-- The array of that name; nil and why.
local function array_named(name)
  local raid, text, code = disk.raid {}
  if not raid then
    return nil, text, code
  end
  for _, array in ipairs(raid.arrays) do
    if array.name == name then
      return array
    end
  end
  return nil, "there is no array " .. name
end

return playbook {
  name    = "raid-degraded",
  summary = "Tell people which array lost which drive, and take back one that only dropped out",

  inputs = {
    drives = input.list { default = { "none" }, help = "drives whose health is looked at, such as sda,sdb; or none" },
    array  = input.name { optional = true, help = "the array that a drive is given back to, such as md0" },
    member = input.name { optional = true, help = "the drive or partition that dropped out of it, such as sdb1" },
    sync   = input.choice {
      default = "changed", choices = { "changed", "whole" },
      help = "whether it is filled by the array's bitmap alone, or as a whole where that is needed",
    },
  },

  triggers = {
    on.alert {
      name = {
        "HostSoftwareRaidInsufficientDrives", "HostSoftwareRaidDiskFailure", "NodeRAIDDegraded",
        "NodeRAIDDiskFailure",
        "DegradedArray", -- mdadm
      },
    },
  },
  rollout  = { first = 1, grow = 4, soak = "10s", max_failures = 1 },
  cooldown = "1h",

  step "arrays" {
    timeout = "1m",
    uses    = { ["disk.raid"] = {} },
    run = function()
      local raid, text, code = disk.raid {}
      if not raid then
        return nil, text, code
      end
      local degraded = {}
      for _, array in ipairs(raid.arrays) do
        if array.degraded then
          local members = {}
          for index, member in ipairs(array.members or {}) do
            members[index] = string.format("; %s is %s", member.device, member.state)
          end
          degraded[#degraded + 1] = {
            name = array.name, disks = array.disks, missing = array.missing, action = array.action,
            members = table.concat(members),
          }
        end
      end
      return degraded
    end,
  },

  step "health" {
    needs    = { "arrays" },
    for_each = function(ctx)
      return ctx.inputs.drives[1] ~= "none" and ctx.inputs.drives or {}
    end,
    max      = 24,
    timeout  = "2m",
    uses     = { ["disk.health"] = { device = equals("inputs.drives") } },
    when = function(ctx)
      return #ctx.here.arrays > 0
    end,
    run = function(ctx, drive)
      local health, text = disk.health { device = drive }
      return health or { device = drive, unknown = text } -- one that is dead does not answer, or nobody may ask it
    end,
  },

  step "page" {
    needs  = { "arrays", "health" },
    notify = "on-call",
    when   = function(ctx)
      return #ctx.here.arrays > 0
    end,
    run = function(ctx)
      local said = {}
      for _, array in ipairs(ctx.here.arrays) do
        said[#said + 1] = string.format("%s misses %d of %d drives (%s%s)", array.name, array.missing,
          array.disks, array.action, array.members)
      end
      for _, drive in ipairs(ctx.here.health) do
        if drive.unknown then
          said[#said + 1] = string.format("nobody knows how %s is: %s", drive.device, drive.unknown)
        elseif not drive.passed then
          said[#said + 1] = string.format("%s (%s) fails by its own word", drive.device, drive.model)
        elseif (drive.pending or 0) > 0 then
          said[#said + 1] = drive.device .. " has sectors that it cannot read"
        end
      end
      return string.format("%s: %s; order a drive, and fail none by hand while another recovers",
        ctx.target.worker, table.concat(said, ", "))
    end,
  },

  step "back" {
    needs   = { "arrays", "page" },
    timeout = "3m",
    uses = {
      ["disk.raid_readd"] = {
        array = equals("inputs.array"), member = equals("inputs.member"), sync = equals("inputs.sync"),
      },
      ["disk.raid"] = {},
    },

    when = function(ctx)
      return #ctx.here.arrays > 0 and ctx.inputs.array ~= nil and ctx.inputs.member ~= nil
    end,

    run = function(ctx)
      return disk.raid_readd { array = ctx.inputs.array, member = ctx.inputs.member, sync = ctx.inputs.sync }
    end,

    -- It takes hours until a large one holds all again: that it goes on is enough.
    verify = function(ctx)
      local array, text, code = array_named(ctx.inputs.array)
      if not array then
        return nil, text, code
      end
      return array.missing == 0 or array.action ~= "idle" and array.action ~= "frozen",
        string.format("%s misses %d of %d drives still, and does nothing about it", array.name, array.missing, array.disks)
    end,
  },
}
