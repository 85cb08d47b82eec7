-- SPDX-License-Identifier: Apache-2.0
-- A file is not what it should be: keeps what it became, and has the machine restore it, once a person agrees.

-- What the package that brought it says of it. A machine that does not tell is no reason to stop.
local function ask_owner(path, seen)
  local owner, text = package.owner { path = path }
  if not owner then
    say("nobody knows whether a package brought it: " .. text)
  elseif not owner.owned then
    say("no package brought " .. path)
  else
    local first = owner.packages[1]
    seen.package, seen.version, seen.content = first.name, first.version, owner.content
    say(string.format("package %s %s brought %s: %s%s", first.name, first.version, path, owner.content,
      owner.content == "intact" and ", so that an upgrade may have changed it" or ""))
  end
end

return playbook {
  name    = "file-changed",
  summary = "Restore a file that is not what it should be, once a person agrees",

  inputs = {
    path   = input.path { from = "labels.path", help = "the file that changed" },
    sha256 = input.string { pattern = "[0-9a-f]{64}", help = "of the file as it should be" },
    case   = input.name { help = "the case that the changed file is kept in, such as incident-1042" },
  },

  triggers = {
    on.alert {
      name = {
        "FileIntegrityChanged", "FileChecksumChanged", "AideChanged",
        "/etc/passwd has been changed", "Linux: /etc/passwd has been changed", -- Zabbix
        "Integrity checksum changed.", -- Wazuh 550
        "Checksum failed", -- Monit
      },
    },
  },
  rollout  = { first = 1, grow = 2, soak = "30s", max_failures = 0 },
  cooldown = "15m",

  step "look" {
    timeout = "6m",
    uses = {
      ["file.hash"]     = { path = equals("inputs.path") },
      ["file.stat"]     = { path = equals("inputs.path") },
      ["user.sessions"] = {},
      ["package.owner"] = { path = equals("inputs.path") },
    },
    run = function(ctx)
      local sum, text, code = file.hash { path = ctx.inputs.path }
      if not sum then
        return nil, text, code
      end
      local stat, text, code = file.stat { path = ctx.inputs.path }
      if not stat then
        return nil, text, code
      end
      local open, text, code = user.sessions {}
      if not open then
        return nil, text, code
      end
      local seen = {
        sha256 = sum.sha256, bytes = stat.bytes, user = stat.user, mode = stat.mode,
        modified = stat.modified, changed = stat.changed, sessions = open.sessions,
      }
      ask_owner(ctx.inputs.path, seen)
      return seen
    end,
    verify = function(ctx, seen)
      return seen.sha256 ~= ctx.inputs.sha256, ctx.inputs.path .. " is what it should be"
    end,
  },

  step "keep" {
    needs   = { "look" },
    timeout = "3m",
    uses    = { ["evidence.file"] = { case = equals("inputs.case"), path = equals("inputs.path") } },
    run = function(ctx)
      return evidence.file { case = ctx.inputs.case, path = ctx.inputs.path }
    end,
    verify = function(ctx, kept)
      return kept.sha256 == ctx.here.look.sha256, "the case has another copy of " .. ctx.inputs.path .. ": name another case"
    end,
  },

  step "agree" {
    needs   = { "keep" },
    approve = {
      role = "responder", text = "Restore the file? It is not what it should be, and what it became is kept", expires = "4h",
    },
  },

  step "restore" {
    needs   = { "look", "agree" },
    timeout = "6m",
    uses = {
      ["site.run"]  = { command = equals("restore-file") },
      ["file.hash"] = { path = equals("inputs.path") },
    },

    -- A person took a while, and no case has what it became since.
    run = function(ctx)
      local now, text, code = file.hash { path = ctx.inputs.path }
      if not now then
        return nil, text, code
      elseif now.sha256 ~= ctx.here.look.sha256 then
        return nil, ctx.inputs.path .. " changed again since it was kept: nothing is restored over that"
      end
      local done, text, code = site.run { command = "restore-file", with = "path=" .. ctx.inputs.path }
      if not done then
        return nil, text, code
      elseif done.status ~= 0 then
        return nil, string.format("restore-file ended with status %d: %s", done.status, done.output)
      end
      return done
    end,

    verify = function(ctx)
      local sum, text, code = file.hash { path = ctx.inputs.path }
      if not sum then
        return nil, text, code
      end
      return sum.sha256 == ctx.inputs.sha256, ctx.inputs.path .. " is not what it should be still"
    end,
  },
}
