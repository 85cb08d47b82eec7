-- SPDX-License-Identifier: Apache-2.0
-- A source that guessed passwords got in: shuts the account and the source out, once a person agrees.

local AT_ONCE = 150 -- entries of the journal
local ROUNDS  = 10  -- of so many: whoever got in guesses on, and each guess leaves some

-- The user's last logins from that source, as sshd says.
local function logins_of(ctx)
  local way_in = string.format(" for %s from %s port ", ctx.inputs.user, ctx.inputs.source)
  local found, last = {}, nil
  for _ = 1, ROUNDS do
    local said, text, code = journal.query { contains = ctx.inputs.source, ["until"] = last, count = AT_ONCE }
    if not said then
      return nil, text, code
    end
    for _, entry in ipairs(said.entries) do
      if entry.text:find("Accepted", 1, true) == 1 and entry.text:find(way_in, 1, true) then
        found[#found + 1] = { at = entry.at, text = entry.text }
      end
    end
    if #found > 0 or #said.entries < AT_ONCE then
      break
    end
    last = said.entries[AT_ONCE].at
  end
  return found
end

-- The sessions of the user that are open from that source, or from anywhere.
local function sessions_of(ctx, anywhere)
  local open, text, code = user.sessions {}
  if not open then
    return nil, text, code
  end
  local found = {}
  for _, one in ipairs(open.sessions) do
    if one.user == ctx.inputs.user and (anywhere or one.from == ctx.inputs.source) then
      found[#found + 1] = one
    end
  end
  return found
end

return playbook {
  name    = "intruder-login",
  summary = "Shut out whoever guessed a password and is logged in, once a person agrees",

  inputs = {
    user    = input.name { from = "labels.user", help = "whose password was guessed" },
    source  = input.ip { from = "labels.source", help = "who guessed it" },
    seconds = input.integer {
      default = 86400, range = { 600, 86400 }, help = "how long the source is blocked",
    },
  },

  triggers = {
    on.alert {
      name = {
        "LoginAfterBruteForce", "SuccessfulLoginAfterBruteForce", "AccountCompromised",
        "Multiple authentication failures followed by a success.", -- Wazuh 40112
      },
    },
  },
  rollout  = { first = 1, grow = 2, soak = "30s", max_failures = 0 },
  at_most  = 10,
  cooldown = "15m",

  step "look" {
    timeout = "5m",
    uses = {
      ["user.sessions"] = {},
      ["journal.query"] = { contains = equals("inputs.source"), count = equals(150) },
      ["user.keys"]     = { user = equals("inputs.user") },
      ["process.tree"]  = { pid = equals(1) },
    },
    run = function(ctx)
      local open, text, code = sessions_of(ctx)
      if not open then
        return nil, text, code
      end
      local logins, text, code = logins_of(ctx)
      if not logins then
        return nil, text, code
      end
      local keys, text, code = user.keys { user = ctx.inputs.user }
      if not keys then
        return nil, text, code
      end
      local tree, text, code = process.tree { pid = 1 }
      if not tree then
        return nil, text, code
      end
      local seen = { sessions = open, logins = logins, keys = keys.keys, keys_modified = keys.modified, processes = {} }
      for _, one in ipairs(tree.processes) do
        if one.user == ctx.inputs.user then
          seen.processes[#seen.processes + 1] = { pid = one.pid, command = one.command }
        end
      end
      return seen
    end,
    verify = function(ctx, seen)
      return #seen.sessions + #seen.logins > 0,
        string.format("%s was not logged in from %s: nobody is shut out", ctx.inputs.user, ctx.inputs.source)
    end,
  },

  step "page" {
    needs  = { "look" },
    notify = "on-call",
    run = function(ctx)
      local seen = ctx.here.look
      return string.format("%s guessed the password of %s on %s: %d logins, %d open sessions, %d SSH keys, %d processes; see what look gave, then say whether to shut it out",
        ctx.inputs.source, ctx.inputs.user, ctx.target.worker, #seen.logins, #seen.sessions, #seen.keys, #seen.processes)
    end,
  },

  step "agree" {
    needs   = { "page" },
    approve = {
      role = "responder", text = "Lock the account, kill all that it runs and block the source? Its password was guessed",
      expires = "2h",
    },
  },

  -- None of the three is undone by a failure of another: half shut out is better than let in again.
  step "block" {
    needs   = { "agree" },
    timeout = "2m",
    uses = {
      ["firewall.block"] = { source = equals("inputs.source"), seconds = equals("inputs.seconds") },
      ["firewall.view"]  = { source = equals("inputs.source") },
    },

    run = function(ctx)
      return firewall.block { source = ctx.inputs.source, seconds = ctx.inputs.seconds }
    end,

    verify = function(ctx)
      local now, text, code = firewall.view { source = ctx.inputs.source }
      if not now then
        return nil, text, code
      end
      return now.blocked, ctx.inputs.source .. " is not among the firewall's blocks"
    end,
  },

  step "lock" {
    needs   = { "agree" },
    timeout = "2m",
    uses = {
      ["user.lock"] = { user = equals("inputs.user") },
      ["user.list"] = {},
    },

    run = function(ctx)
      return user.lock { user = ctx.inputs.user }
    end,

    verify = function(ctx)
      local all, text, code = user.list {}
      if not all then
        return nil, text, code
      end
      for _, one in ipairs(all.users) do
        if one.name == ctx.inputs.user then
          return one.password == "locked", string.format("%s is not locked: its password is '%s'", ctx.inputs.user, one.password)
        end
      end
      return false, ctx.inputs.user .. " is not among the machine's users"
    end,
  },

  step "end" {
    needs   = { "lock", "block" },
    timeout = "3m",
    uses = {
      ["user.end_sessions"] = { user = equals("inputs.user"), processes = equals(true) },
      ["user.sessions"]     = {},
    },

    run = function(ctx)
      return user.end_sessions { user = ctx.inputs.user, processes = true }
    end,

    verify = function(ctx)
      local open, text, code = sessions_of(ctx, true)
      if not open then
        return nil, text, code
      end
      return #open == 0, string.format("%s has %d sessions still", ctx.inputs.user, #open)
    end,
  },
}
