-- SPDX-License-Identifier: Apache-2.0
-- Blocks a source that tries many users' passwords, and lets the user in again whom it locked out.

local HOUR_MS = 3600000

local function is_locked(ctx)
  local all, text, code = user.list {}
  if not all then
    return nil, text, code
  end
  for _, one in ipairs(all.users) do
    if one.name == ctx.inputs.user then
      return { locked = one.password == "locked" }
    end
  end
  return nil, string.format("there is no user '%s'", ctx.inputs.user)
end

-- Whether the user's failed logins lock it, of which this source gave some.
local function is_locked_out(ctx)
  local told, text, code = user.lockouts { user = ctx.inputs.user }
  if not told then
    return nil, text, code
  end
  for _, one in ipairs(told.sources) do
    if one.from == ctx.inputs.source then
      return { locked = told.users[1].locked }
    end
  end
  return { locked = false }
end

-- Takes the block back: what was there before stands again, for what is left of it by the firewall's own clock. Without an output
-- nobody knows whether it was renewed: what stands no longer than before stays.
local function give_back(ctx)
  local source, seconds = ctx.inputs.source, ctx.inputs.seconds
  local before = ctx.output and ctx.output.before_s or ctx.here.look.blocked_s
  if before >= seconds then
    return "it was blocked for longer already, and stays so until that expires"
  end
  local now, text, code = firewall.view { source = source }
  if not now and before == 0 then
    return firewall.unblock { source = source }
  elseif not now then
    return nil, text, code
  elseif now.expires_s > seconds then
    return "it was blocked anew meanwhile, for longer, and stays so"
  elseif before > 0 and not ctx.output and now.expires_s <= before then
    return "it was blocked before, and stays so until that expires"
  end
  local left = before - (seconds - now.expires_s)
  if before > 0 and left > 0 then
    return firewall.block { source = source, seconds = left }
  end
  return firewall.unblock { source = source }
end

return playbook {
  name    = "credential-stuffing",
  summary = "Block a source that tries many users' passwords, and let its victim in again",

  inputs = {
    source  = input.ip   { from = "labels.source", help = "who tries" },
    user    = input.name { from = "labels.user", help = "who was locked out" },
    users   = input.integer { default = 4, range = { 1, 100 }, help = "users that it may fail for within an hour" },
    seconds = input.integer { default = 3600, range = { 60, 86400 }, help = "how long it is blocked" },
  },

  triggers = { on.alert { name = { "AccountLockout", "CredentialStuffing", "PasswordSpraying" } } },
  rollout  = { first = 1, grow = 2, soak = "30s", max_failures = 0 },
  cooldown = "15m",

  step "look" {
    timeout = "1m",
    uses = {
      ["host.uptime"]   = {},
      ["user.failures"] = { count = equals(100), from = equals("inputs.source") },
      ["user.list"]     = {},
      ["user.lockouts"] = { user = equals("inputs.user") },
      ["firewall.view"] = { source = equals("inputs.source") },
    },
    run = function(ctx)
      local up, text, code = host.uptime {}
      if not up then
        return nil, text, code
      end
      local since = up.since + up.uptime_ms - HOUR_MS
      local failed, text, code = user.failures { newer_than = since, count = 100, from = ctx.inputs.source }
      if not failed then
        return nil, text, code
      end
      local state, text, code = is_locked(ctx)
      if not state then
        return nil, text, code
      end
      local tally, text, code = is_locked_out(ctx)
      if not tally then
        return nil, text, code
      end
      local block, text, code = firewall.view { source = ctx.inputs.source }
      if not block then
        return nil, text, code
      end
      return {
        users = #failed.failures + failed.left_out, failures = failed.total, locked = state.locked, locked_out = tally.locked,
        blocked_s = block.expires_s,
      }
    end,
  },

  step "block" {
    needs   = { "look" },
    timeout = "2m",
    uses = {
      ["firewall.block"]   = { source = equals("inputs.source"), seconds = { from(1), to("inputs.seconds") } },
      ["firewall.unblock"] = { source = equals("inputs.source") },
      ["firewall.view"]    = { source = equals("inputs.source") },
    },

    when = function(ctx)
      return ctx.here.look.users > ctx.inputs.users and ctx.here.look.blocked_s < ctx.inputs.seconds
    end,

    run = function(ctx)
      local before, text, code = firewall.view { source = ctx.inputs.source }
      if not before then
        return nil, text, code
      elseif before.expires_s >= ctx.inputs.seconds then
        return { blocked = true, before_s = before.expires_s }
      end
      local done, text, code = firewall.block { source = ctx.inputs.source, seconds = ctx.inputs.seconds }
      if not done then
        return nil, text, code
      end
      return { source = done.source, blocked = done.blocked, ["until"] = done["until"], before_s = before.expires_s }
    end,

    verify = function(ctx)
      local now, text, code = firewall.view { source = ctx.inputs.source }
      if not now then
        return nil, text, code
      end
      return now.blocked, ctx.inputs.source .. " is not among the firewall's blocks"
    end,

    undo = give_back,
  },

  -- Who was locked for another reason stays locked: only a block's victim is unlocked.
  step "unlock" {
    needs   = { "look", "block" },
    timeout = "2m",
    uses = {
      ["user.unlock"] = { user = equals("inputs.user") },
      ["user.lock"]   = { user = equals("inputs.user") },
      ["user.list"]   = {},
    },

    when = function(ctx)
      return ctx.here.look.users > ctx.inputs.users and ctx.here.look.locked
    end,

    run = function(ctx)
      return user.unlock { user = ctx.inputs.user }
    end,

    verify = function(ctx)
      local state, text, code = is_locked(ctx)
      if not state then
        return nil, text, code
      end
      return not state.locked, ctx.inputs.user .. " is locked still"
    end,

    undo = function(ctx)
      return user.lock { user = ctx.inputs.user }
    end,
  },

  -- Nothing takes this back: it comes last. The receipt keeps what was forgotten.
  step "reset" {
    needs   = { "look", "unlock" },
    timeout = "1m",
    uses = {
      ["user.reset_lockout"] = { user = equals("inputs.user") },
      ["user.lockouts"]      = { user = equals("inputs.user") },
    },

    when = function(ctx)
      return ctx.here.look.users > ctx.inputs.users and ctx.here.look.locked_out
    end,

    run = function(ctx)
      return user.reset_lockout { user = ctx.inputs.user }
    end,

    verify = function(ctx)
      local tally, text, code = is_locked_out(ctx)
      if not tally then
        return nil, text, code
      end
      return not tally.locked, ctx.inputs.user .. " is locked out still"
    end,
  },
}
