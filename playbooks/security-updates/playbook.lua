-- SPDX-License-Identifier: Apache-2.0
-- Tells people which security updates wait, which are held back, what runs as it was before one, and whether a reboot is due. Changes
-- nothing.

local STALE_MS = 3 * 24 * 3600000

return playbook {
  name    = "security-updates",
  summary = "Tell people which security updates a machine waits for",

  triggers = {
    on.alert {
      name = {
        "AptSecurityUpdatesPending", "PackageVulnerable", "NodeAptUpgradesPending",
        "apt", -- Nagios, Icinga
      },
    },
  },
  rollout  = { first = 1, grow = 8, soak = "10s", max_failures = 1 },
  cooldown = "12h",

  step "look" {
    timeout = "4m",
    uses = {
      ["package.updates"]  = { security = equals(true) },
      ["package.restarts"] = {},
      ["host.uptime"]      = {},
    },
    run = function()
      local waiting, text, code = package.updates { security = true }
      if not waiting then
        return nil, text, code
      end
      local up, text, code = host.uptime {}
      if not up then
        return nil, text, code
      end
      local seen = {
        updates = {}, held = {}, reboot = up.reboot_required,
        stale = up.since + up.uptime_ms - waiting.listed > STALE_MS,
      }
      for _, one in ipairs(waiting.updates) do
        local list = one.held and seen.held or seen.updates
        list[#list + 1] = one.name .. " " .. one.candidate
      end
      local old = package.restarts {} or { units = {} } -- a machine that does not tell is no reason to stop
      seen.old, seen.reboot = {}, seen.reboot or old.kernel_waits or false
      for _, one in ipairs(old.units) do
        seen.old[#seen.old + 1] = #one.unit > 0 and one.unit or one.name
      end
      return seen
    end,
  },

  step "page" {
    needs  = { "look" },
    notify = "on-call",
    when   = function(ctx)
      local seen = ctx.here.look
      return #seen.updates + #seen.held + #seen.old > 0 or seen.reboot or seen.stale
    end,
    run = function(ctx)
      local seen, said = ctx.here.look, {}
      local function add(list, text)
        if #list > 0 then
          local first = table.concat(list, ", ", 1, math.min(#list, 20))
          said[#said + 1] = string.format("%d %s: %s", #list, text, first)
        end
      end
      add(seen.updates, "security updates wait")
      add(seen.held, "are held back")
      add(seen.old, "units run what was before an upgrade")
      said[#said + 1] = seen.reboot and "a reboot is due" or nil
      said[#said + 1] = seen.stale and "its package lists are over three days old" or nil
      return ctx.target.worker .. ": " .. table.concat(said, "; ")
    end,
  },
}
