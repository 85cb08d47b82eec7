-- SPDX-License-Identifier: Apache-2.0
-- Installs the security updates that a machine waits for, of packages that are named, once a person agrees, and restarts what runs
-- as it was before.

local STALE_MS = 3 * 24 * 3600000
local MOST = 10 -- of one run

-- The names of units that run what was there before an upgrade, and the kernel that waits; empty where the machine does not tell.
local function what_is_old()
  local old, text = package.restarts {}
  if not old then
    say("nobody knows what runs as it was before: " .. text)
    return {}
  end
  local units = {}
  for _, one in ipairs(old.units) do
    if #one.unit > 0 then
      units[#units + 1] = one.unit
    end
  end
  return units, old.kernel_waits and old.newest_kernel
end

return playbook {
  name    = "security-upgrade",
  summary = "Install security updates of named packages, once a person agrees",

  inputs = {
    packages = input.list { help = "those that may be upgraded, such as openssl,nginx" },
    restart = input.list { default = { "none" }, help = "units that may be restarted, such as nginx.service; or none" },
  },

  triggers = { on.alert { name = { "PackageVulnerable", "AptSecurityUpdatesPending" } } },
  rollout  = { first = 1, grow = 2, soak = "5m", max_failures = 0 },
  cooldown = "12h",

  step "look" {
    timeout = "4m",
    uses = {
      ["package.updates"] = { security = equals(true) },
      ["host.uptime"]     = {},
    },
    run = function(ctx)
      local waiting, text, code = package.updates { security = true }
      if not waiting then
        return nil, text, code
      end
      local up, text, code = host.uptime {}
      if not up then
        return nil, text, code
      end
      local named = {}
      for _, name in ipairs(ctx.inputs.packages) do
        named[name] = true
      end
      local seen = { upgrades = {}, held = {}, stale = up.since + up.uptime_ms - waiting.listed > STALE_MS }
      for _, one in ipairs(waiting.updates) do
        local list = one.held and seen.held or seen.upgrades
        if named[one.name] and #list < MOST then
          list[#list + 1] = { name = one.name, version = one.candidate, installed = one.installed }
        end
      end
      return seen
    end,
    verify = function(ctx, seen)
      return #seen.upgrades > 0, string.format("no update waits of %s, %d of them are held back%s",
        table.concat(ctx.inputs.packages, ", "), #seen.held, seen.stale and "; the package lists are over three days old" or "")
    end,
  },

  step "page" {
    needs  = { "look" },
    notify = "on-call",
    run = function(ctx)
      local said = {}
      for index, one in ipairs(ctx.here.look.upgrades) do
        said[index] = string.format("%s %s to %s", one.name, one.installed, one.version)
      end
      local restart = table.concat(ctx.inputs.restart, ", ")
      return string.format("%s waits for %s%s: say whether to install them%s", ctx.target.worker, table.concat(said, ", "),
        ctx.here.look.stale and " (by package lists that are over three days old)" or "",
        restart ~= "none" and ", and to restart those of these that run what was before: " .. restart or "")
    end,
  },

  step "agree" {
    needs   = { "page" },
    approve = {
      role = "responder", expires = "12h",
      text = "Install what look gave, and restart what the order names? There is no way back to the versions before",
    },
  },

  step "upgrade" {
    needs    = { "look", "agree" },
    for_each = function(ctx)
      return ctx.here.look.upgrades
    end,
    max     = MOST,
    timeout = "1h",
    uses = {
      ["package.upgrade"] = { name = equals("inputs.packages") },
      ["package.view"]    = { name = equals("inputs.packages") },
    },

    run = function(ctx, one)
      return package.upgrade { name = one.name, version = one.version }
    end,

    verify = function(ctx, done, one)
      local now, text, code = package.view { name = one.name }
      if not now then
        return nil, text, code
      end
      return now.version == one.version and not now.interrupted,
        string.format("%s is at version %s%s", one.name, now.version, now.interrupted and ", and dpkg was cut off" or "")
    end,
  },

  step "old" {
    needs   = { "upgrade" },
    timeout = "3m",
    uses    = { ["package.restarts"] = {} },
    run = function(ctx)
      local may, found = {}, {}
      for _, name in ipairs(ctx.inputs.restart) do
        may[name] = true
      end
      for _, name in ipairs(what_is_old()) do
        if may[name] and #found < MOST then
          found[#found + 1] = name
        end
      end
      return found
    end,
  },

  step "restart" {
    needs    = { "old" },
    for_each = function(ctx)
      return ctx.here.old
    end,
    max     = MOST,
    timeout = "30m",
    uses = {
      ["unit.restart"] = { unit = equals("inputs.restart") },
      ["unit.status"]  = { unit = equals("inputs.restart") },
    },

    when = function(ctx)
      return #ctx.here.old > 0
    end,

    run = function(ctx, name)
      return unit.restart { unit = name }
    end,

    verify = function(ctx, done, name)
      local now, text, code = unit.status { unit = name }
      if not now then
        return nil, text, code
      end
      return now.active == "active", name .. " is " .. now.active
    end,
  },

  step "report" {
    needs   = { "upgrade", "restart" },
    timeout = "3m",
    notify  = "on-call",
    uses    = { ["host.uptime"] = {}, ["package.restarts"] = {} },
    run = function(ctx)
      local up, text, code = host.uptime {}
      if not up then
        return nil, text, code
      end
      local said = {}
      local old, kernel = what_is_old()
      for index, one in ipairs(ctx.here.upgrade) do
        said[index] = one.name .. " " .. one.version
      end
      return string.format("%s has %s now%s%s", ctx.target.worker, table.concat(said, ", "),
        #old > 0 and "; as before run still: " .. table.concat(old, ", ", 1, math.min(#old, 20)) or "",
        (up.reboot_required or kernel) and "; a reboot is due" .. (kernel and " for kernel " .. kernel or "") or "")
    end,
  },
}
