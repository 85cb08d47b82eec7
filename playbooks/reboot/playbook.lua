-- SPDX-License-Identifier: Apache-2.0
-- Reboots machines, one after another: drains each by the site's own commands, and sees that it came back by another boot.

local PAUSE_S = 10
local LOOKS = 60 -- ten minutes, and while the machine is down nobody counts

-- Whether it waits for a reboot: as its packages say, or for a kernel that is installed and does not run.
local function is_due(up)
  local old = not up.reboot_required and package.restarts {} -- a machine that does not tell waits for none
  return up.reboot_required or old and old.kernel_waits or false
end

return playbook {
  name    = "reboot",
  summary = "Reboot machines one after another, and see each come back",

  inputs = {
    seconds  = input.integer {
      default = 20, range = { 5, 60 }, help = "until the machine goes down once it was told",
    },
    machines = input.choice { default = "due", choices = { "due", "any" }, help = "those that wait for a reboot, or any" },
    sessions = input.choice {
      default = "spare", choices = { "spare", "end" }, help = "whether a machine is spared on which somebody is logged in",
    },
    drain    = input.name { optional = true, help = "the policy's command that takes the machine out of service" },
    rejoin   = input.name { optional = true, help = "the policy's command that puts it back" },
  },

  rollout  = { first = 1, grow = 1, soak = "2m", max_failures = 0 },
  at_most  = 16,
  keep     = 1,
  cooldown = "1h",

  step "look" {
    timeout = "2m",
    uses    = { ["host.uptime"] = {}, ["user.sessions"] = {}, ["package.restarts"] = {} },
    run = function()
      local up, text, code = host.uptime {}
      if not up then
        return nil, text, code
      end
      local open, text, code = user.sessions {}
      if not open then
        return nil, text, code
      end
      return { boot = up.boot, required = is_due(up), kernel = up.kernel, sessions = #open.sessions + open.left_out }
    end,
    verify = function(ctx, seen)
      if seen.sessions > 0 and ctx.inputs.sessions == "spare" then
        return false, string.format("%d sessions are open: ask them, or order it with sessions=end", seen.sessions)
      end
      return seen.required or ctx.inputs.machines == "any", "it waits for no reboot"
    end,
  },

  step "drain" {
    needs   = { "look" },
    timeout = "10m",
    uses    = { ["site.run"] = { command = one_of { "inputs.drain", "inputs.rejoin" } } },
    when = function(ctx) return ctx.inputs.drain ~= nil end,
    run  = function(ctx) return site.run { command = ctx.inputs.drain } end,
    verify = function(ctx, done) return done.status == 0, "it is in service still" end,
    undo = function(ctx)
      if not ctx.inputs.rejoin then
        return "it stays out of service: no command says how it rejoins"
      end
      local done, text, code = site.run { command = ctx.inputs.rejoin }
      if done and done.status ~= 0 then
        return nil, string.format("it is out of service still: %s ended with status %d: %s", ctx.inputs.rejoin, done.status, done.output)
      end
      return done, text, code
    end,
  },

  step "reboot" {
    needs   = { "look", "drain" },
    timeout = "2m",
    uses    = { ["host.uptime"] = {}, ["host.reboot"] = { seconds = equals("inputs.seconds") } },
    run = function(ctx)
      local up, text, code = host.uptime {}
      if not up then
        return nil, text, code
      elseif up.boot ~= ctx.here.look.boot then
        return nil, "it rebooted by itself meanwhile"
      end
      return host.reboot { seconds = ctx.inputs.seconds, despite_sessions = ctx.inputs.sessions == "end" }
    end,
    verify = function(ctx, told)
      return told.sessions == 0 or ctx.inputs.sessions == "end", "it was told to though somebody is logged in"
    end,
  },

  -- The reboot cuts this off; the worker goes on with it as it comes back. In a dry run no boot ends, and none is waited for.
  step "back" {
    needs      = { "reboot" },
    timeout    = "1h",
    on_failure = { "page" },
    uses       = { ["host.uptime"] = {}, ["host.cpu"] = { seconds = equals(10) }, ["package.restarts"] = {} },
    run = function(ctx)
      local up, text, code
      for _ = 1, LOOKS + ctx.inputs.seconds // PAUSE_S do
        up, text, code = host.uptime {}
        if not up then
          return nil, text, code
        elseif up.boot ~= ctx.here.reboot.boot then
          break
        end
        local paused, text, code = host.cpu { seconds = PAUSE_S }
        if not paused then
          return nil, text, code
        end
      end
      return { boot = up.boot, kernel = up.kernel, since = up.since, required = is_due(up) }
    end,
    verify = function(ctx, seen)
      if seen.boot == ctx.here.reboot.boot then
        return false, "it was told to reboot and did not"
      end
      return not seen.required or ctx.inputs.machines == "any", "it waits for a reboot again"
    end,
  },

  step "rejoin" {
    needs   = { "back" },
    timeout = "10m",
    uses    = { ["site.run"] = { command = equals("inputs.rejoin") } },
    when = function(ctx) return ctx.inputs.rejoin ~= nil end,
    run  = function(ctx) return site.run { command = ctx.inputs.rejoin } end,
    verify = function(ctx, done) return done.status == 0, "it is out of service still" end,
  },

  step "page" {
    notify = "on-call",
    run = function(ctx)
      return string.format("%s was told to reboot, and it is not seen that it did well: look at its console", ctx.target.worker)
    end,
  },
}
