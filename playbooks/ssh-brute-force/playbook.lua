-- SPDX-License-Identifier: Apache-2.0
-- Blocks a source that guesses passwords, for a while, and calls people where it is in already.

local HOUR_MS = 3600000
local AT_ONCE = 150 -- entries of the journal
local ROUNDS  = 10  -- of so many: whoever got in guesses on, and each guess leaves some

-- Users whom the source came in as since then, as sshd says; those that a policy without journal.query keeps are not told.
local function logins(ctx, since)
  local users, known, last = {}, {}, nil
  for _ = 1, ROUNDS do
    local said, text, code = journal.query {
      contains = ctx.inputs.source, since = since, ["until"] = last, count = AT_ONCE,
    }
    if not said then
      return code == "policy" and {} or nil, text, code
    end
    for _, entry in ipairs(said.entries) do
      local user, source = entry.text:match("^Accepted %S+ for (%S+) from (%S+) port ")
      if source == ctx.inputs.source and not known[user] then
        known[user] = true
        users[#users + 1] = user
      end
    end
    if not said.more then
      return users
    elseif #said.entries < AT_ONCE then
      break
    end
    last = said.entries[AT_ONCE].at
  end
  say("the journal has more of the hour than was looked at: the source may have been let in before")
  return users
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
  name    = "ssh-brute-force",
  summary = "Block a source that guesses SSH passwords, for a while",

  inputs = {
    source   = input.ip { from = "labels.source", help = "who guesses" },
    failures = input.integer {
      default = 10, range = { 1, 10000 }, help = "failed logins within an hour that are too many",
    },
    seconds = input.integer {
      default = 3600, range = { 60, 86400 }, help = "how long it is blocked",
    },
  },

  triggers = {
    on.alert {
      name = {
        "SshBruteForce", "SSHBruteForce", "SshdBruteForce",
        "sshd: brute force trying to get access to the system. Non existent user.", -- Wazuh 5712, 5763
        "sshd: brute force trying to get access to the system. Authentication failed.",
        "ET SCAN Potential SSH Scan", -- Suricata
      },
    },
  },
  rollout  = { first = 1, grow = 2, soak = "30s", max_failures = 0 },
  at_most  = 20,
  cooldown = "15m",

  step "look" {
    timeout = "3m",
    uses = {
      ["host.uptime"]   = {},
      ["user.failures"] = { count = equals(100), from = equals("inputs.source") },
      ["user.sessions"] = {},
      ["firewall.view"] = { source = equals("inputs.source") },
      ["journal.query"] = { contains = equals("inputs.source"), count = equals(150) },
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
      local sessions, text, code = user.sessions {}
      if not sessions then
        return nil, text, code
      end
      local block, text, code = firewall.view { source = ctx.inputs.source }
      if not block then
        return nil, text, code
      end
      local accepted, text, code = logins(ctx, since)
      if not accepted then
        return nil, text, code
      end
      local seen = { failures = failed.total, inside = {}, accepted = accepted, blocked_s = block.expires_s }
      for _, session in ipairs(sessions.sessions) do
        if session.from == ctx.inputs.source then
          seen.inside[#seen.inside + 1] = session.user
        end
      end
      return seen
    end,
  },

  step "page" {
    needs  = { "look" },
    notify = "on-call",
    when   = function(ctx)
      local seen = ctx.here.look
      return #seen.inside > 0 or (#seen.accepted > 0 and seen.failures >= ctx.inputs.failures)
    end,
    run = function(ctx)
      local seen = ctx.here.look
      return string.format("%s guessed passwords on %s and %s", ctx.inputs.source, ctx.target.worker,
        #seen.inside > 0 and "is logged in as " .. table.concat(seen.inside, ", ")
          or "was let in as " .. table.concat(seen.accepted, ", ") .. " within the hour")
    end,
  },

  step "block" {
    needs   = { "look", "page" },
    timeout = "2m",
    uses = {
      ["firewall.block"]   = { source = equals("inputs.source"), seconds = { from(1), to("inputs.seconds") } },
      ["firewall.unblock"] = { source = equals("inputs.source") },
      ["firewall.view"]    = { source = equals("inputs.source") },
    },

    when = function(ctx)
      return ctx.here.look.failures >= ctx.inputs.failures and ctx.here.look.blocked_s < ctx.inputs.seconds
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
}
