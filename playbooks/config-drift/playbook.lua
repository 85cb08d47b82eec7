-- SPDX-License-Identifier: Apache-2.0
-- A network device's configuration is not the one that was kept: tells people how, and keeps it once one says yes.

local function listed(lines, sign)
  local out = {}
  for index = 1, math.min(#lines, 5) do
    out[index] = sign .. lines[index]
  end
  if #lines > 5 then
    out[6] = string.format("and %d lines more", #lines - 5)
  end
  return out
end

return playbook {
  name    = "config-drift",
  summary = "Tell people how a network device's configuration changed, and keep it once a person agrees",

  inputs = {
    device = input.name { from = "labels.device", help = "as the machine's policy names it" },
  },

  triggers = {
    on.alert {
      name = { "DeviceConfigChanged", "ConfigDrift", "NetworkConfigDrift", "RouterConfigChanged" },
    },
  },
  rollout  = { first = 1, grow = 2, soak = "1m", max_failures = 0 },
  cooldown = "10m",

  step "look" {
    timeout = "5m",
    uses = { ["device.diff"] = { device = equals("inputs.device"), count = equals(20) } },
    run = function(ctx)
      local seen, text, code = device.diff { device = ctx.inputs.device, count = 20 }
      if not seen then
        if code == "not-found" then
          return { first = true }
        end
        return nil, text, code
      end
      return seen
    end,
    verify = function(ctx, seen)
      return not seen.same, "the configuration of " .. ctx.inputs.device .. " is the one that was kept"
    end,
  },

  step "page" {
    needs  = { "look" },
    notify = "on-call",
    run = function(ctx)
      local seen, lines = ctx.here.look, {}
      if seen.first then
        return string.format("no configuration of %s was kept yet. Say whether it is right as it is", ctx.inputs.device)
      end
      for _, line in ipairs(listed(seen.added, "+ ")) do
        lines[#lines + 1] = line
      end
      for _, line in ipairs(listed(seen.removed, "- ")) do
        lines[#lines + 1] = line
      end
      return string.format("the configuration of %s changed: %s. Say whether it is right so",
        ctx.inputs.device, #lines > 0 and table.concat(lines, "; ") or "its lines stand in another order")
    end,
  },

  step "agree" {
    needs   = { "page" },
    approve = {
      role = "responder", text = "Is the device's configuration right as it is now? Yes keeps it as the one to hold others against",
      expires = "8h",
    },
  },

  step "keep" {
    needs   = { "look", "agree" },
    timeout = "5m",
    uses    = {
      ["device.backup"] = { device = equals("inputs.device") },
      ["device.diff"]   = { device = equals("inputs.device"), count = equals(1) },
    },
    run = function(ctx)
      local kept, text, code = device.backup { device = ctx.inputs.device }
      if not kept then
        return nil, text, code
      end
      return { sha256 = kept.sha256, seen = ctx.here.look.first or kept.sha256 == ctx.here.look.sha256 }
    end,
    verify = function(ctx, kept)
      local now, text, code = device.diff { device = ctx.inputs.device, count = 1 }
      if not now then
        return nil, text, code
      end
      return kept.seen and now.same, "it changed again since people were asked: look anew"
    end,
  },
}
