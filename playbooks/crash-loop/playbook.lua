-- SPDX-License-Identifier: Apache-2.0
-- A unit crashes as often as systemd starts it: puts its last good configuration back once a person agrees.

local LOOKS = 3

local function state_of(ctx)
  local now, text, code = unit.status { unit = ctx.inputs.unit }
  if not now then
    return nil, text, code
  end
  return { active = now.active, restarts = now.restarts or 0, exit_status = now.exit_status }
end

-- How the unit is after LOOKS pauses.
local function state_later(ctx)
  for _ = 1, LOOKS do
    local busy, text, code = host.cpu { seconds = ctx.inputs.pause }
    if not busy then
      return nil, text, code
    end
  end
  return state_of(ctx)
end

return playbook {
  name    = "crash-loop",
  summary = "Put the last good configuration of a unit back that crashes over and over, once a person agrees",

  inputs = {
    unit = input.string {
      from = "labels.name", pattern = "[a-zA-Z0-9@:_.-]+", help = "with its ending, such as nginx.service",
    },
    command = input.name {
      default = "restore-config", help = "of the machine's policy: it puts the unit's last good configuration back",
    },
    crashes = input.integer {
      default = 2, range = { 1, 1000 }, help = "restarts by systemd within three pauses that are a loop",
    },
    pause = input.integer { default = 20, range = { 1, 30 }, help = "seconds between two looks" },
  },

  triggers = {
    on.alert {
      name = {
        "SystemdUnitCrashLooping", "SystemdServiceRestarting", "ServiceCrashLooping",
        "NodeSystemdServiceCrashlooping",
      },
    },
  },
  rollout  = { first = 1, grow = 1, soak = "2m", max_failures = 0 },
  cooldown = "1h",

  step "look" {
    timeout = "4m",
    uses = {
      ["unit.status"]   = { unit = equals("inputs.unit") },
      ["host.cpu"]      = { seconds = equals("inputs.pause") },
      ["journal.query"] = { unit = equals("inputs.unit"), count = equals(20) },
    },
    run = function(ctx)
      local first, text, code = state_of(ctx)
      if not first then
        return nil, text, code
      end
      local seen, text, code = state_later(ctx)
      if not seen then
        return nil, text, code
      end
      local told, text, code = journal.query { unit = ctx.inputs.unit, count = 20 }
      if not told then
        return nil, text, code
      end
      seen.crashes, seen.said = seen.restarts - first.restarts, {}
      for index, entry in ipairs(told.entries) do
        seen.said[index] = entry.text
      end
      return seen
    end,
    verify = function(ctx, seen)
      return seen.crashes >= ctx.inputs.crashes,
        string.format("it crashed %d times within %d s: that is no loop", seen.crashes, LOOKS * ctx.inputs.pause)
    end,
  },

  step "page" {
    needs  = { "look" },
    notify = "on-call",
    run = function(ctx)
      local seen = ctx.here.look
      return string.format("%s on %s crashed %d times within %d s; its last word: %s. See what look gave, then say whether its last good configuration is put back",
        ctx.inputs.unit, ctx.target.worker, seen.crashes, LOOKS * ctx.inputs.pause, seen.said[1] or "none")
    end,
  },

  step "agree" {
    needs   = { "page" },
    approve = {
      role = "responder", text = "Put the unit's last good configuration back and start it? It crashes over and over",
      expires = "1h",
    },
  },

  step "restore" {
    needs      = { "agree" },
    timeout    = "15m",
    on_failure = { "stopped" },
    uses = {
      ["unit.stop"]         = { unit = equals("inputs.unit") },
      ["site.run"]          = { command = equals("inputs.command") },
      ["unit.reset_failed"] = { unit = equals("inputs.unit") },
      ["unit.start"]        = { unit = equals("inputs.unit") },
      ["unit.status"]       = { unit = equals("inputs.unit") },
      ["host.cpu"]          = { seconds = equals("inputs.pause") },
    },

    run = function(ctx)
      local still, text, code = unit.stop { unit = ctx.inputs.unit }
      if not still then
        return nil, text, code
      end
      local done, text, code = site.run { command = ctx.inputs.command }
      if not done then
        return nil, text, code
      elseif done.status ~= 0 then
        return nil, string.format("%s ended with %d: %s", ctx.inputs.command, done.status, done.output)
      end
      local clean, text, code = unit.reset_failed { unit = ctx.inputs.unit }
      if not clean then
        return nil, text, code
      end
      return unit.start { unit = ctx.inputs.unit }
    end,

    verify = function(ctx)
      local started, text, code = state_of(ctx)
      if not started then
        return nil, text, code
      end
      local now, text, code = state_later(ctx)
      if not now then
        return nil, text, code
      elseif now.active ~= "active" then
        return false, "it is " .. now.active
      end
      return now.restarts <= started.restarts, "it crashes still"
    end,

    -- What crashes with its last good configuration too stays down until somebody has looked.
    undo = function(ctx)
      return unit.stop { unit = ctx.inputs.unit }
    end,
  },

  step "stopped" {
    notify = "on-call",
    run = function(ctx)
      return string.format("%s on %s does not run with its last good configuration: step restore says why. It is stopped, if the machine let that be done: it is yours",
        ctx.inputs.unit, ctx.target.worker)
    end,
  },
}
