-- SPDX-License-Identifier: Apache-2.0
-- Tells people of a drive that is too hot, and how busy it is. Changes nothing.

return playbook {
  name    = "drive-too-hot",
  summary = "Tell people of a drive that is too hot, and how busy it is",

  inputs = {
    device = input.name { from = "labels.device", help = "the drive, such as sda or nvme0" },
    most   = input.integer { default = 60, range = { 30, 100 }, help = "degrees Celsius that are well" },
  },

  triggers = {
    on.alert { name = { "HostPhysicalComponentTooHot", "HostNodeOvertemperatureAlarm", "SmartDeviceTemperatureWarning", "SmartDeviceTemperatureCritical" } },
  },
  rollout  = { first = 1, grow = 8, soak = "10s", max_failures = 1 },
  cooldown = "1h",

  step "look" {
    timeout = "3m",
    uses = {
      ["disk.health"] = { device = equals("inputs.device") },
      ["disk.io"]     = { seconds = equals(10) },
    },
    run = function(ctx)
      local first, text, code = disk.health { device = ctx.inputs.device }
      if not first then
        return nil, text, code
      end
      local io, text, code = disk.io { seconds = 10 }
      if not io then
        return nil, text, code
      end
      local second, text, code = disk.health { device = ctx.inputs.device }
      if not second then
        return nil, text, code
      end
      if not first.temperature_c or not second.temperature_c then
        return nil, ctx.inputs.device .. " does not tell how warm it is"
      end
      local seen = {
        model = second.model, serial = second.serial, passed = second.passed,
        was_c = first.temperature_c, temperature_c = second.temperature_c, busy_percent = 0,
      }
      for _, drive in ipairs(io.drives) do -- nvme0 is the drive, nvme0n1 what is read
        if drive.device:match("^(.-)n?%d*$") == ctx.inputs.device or drive.device == ctx.inputs.device then
          seen.busy_percent = math.max(seen.busy_percent, drive.busy_percent)
        end
      end
      return seen
    end,
  },

  step "page" {
    needs  = { "look" },
    notify = "on-call",
    when   = function(ctx)
      return math.min(ctx.here.look.was_c, ctx.here.look.temperature_c) > ctx.inputs.most
    end,
    run = function(ctx)
      local seen = ctx.here.look
      return string.format("%s (%s, %s) on %s has %d degrees, %d 10 s ago, and is busy %.0f %% of the time: %s",
        ctx.inputs.device, seen.model, seen.serial, ctx.target.worker, seen.temperature_c, seen.was_c, seen.busy_percent,
        seen.busy_percent > 80 and "see what keeps it so busy" or "see whether its fan turns and what its neighbours have")
    end,
  },
}
