-- SPDX-License-Identifier: Apache-2.0
-- A program of an intruder's lies among a web server's pages: takes it away and blocks who used it, once a person agrees.

local SHELLS = { sh = true, dash = true, bash = true, perl = true, python3 = true, php = true, nc = true, curl = true, wget = true }

return playbook {
  name    = "web-shell",
  summary = "Quarantine a web shell and block who used it, once a person agrees",

  inputs = {
    path    = input.path { from = "labels.path", help = "the file among the web server's pages" },
    url     = input.string {
      pattern = "https?://[0-9A-Za-z.:/_-]+", help = "where the web server serves it, asked from this machine",
    },
    source  = input.ip { from = "labels.source", help = "who called it" },
    seconds = input.integer {
      default = 86400, range = { 600, 86400 }, help = "how long the source is blocked",
    },
    user = input.name { default = "www-data", help = "whom the web server runs as" },
  },

  triggers = {
    on.alert {
      name = {
        "WebShell", "WebshellDetected", "FileIntegrityWebroot",
        "Linux Webshell Indicators", -- Sigma
        "File added to the system.", -- Wazuh 554, where the grant bounds the path to the pages
      },
    },
  },
  rollout  = { first = 1, grow = 2, soak = "30s", max_failures = 0 },
  at_most  = 10,
  cooldown = "15m",

  step "look" {
    timeout = "5m",
    uses = {
      ["file.stat"]    = { path = equals("inputs.path") },
      ["file.hash"]    = { path = equals("inputs.path") },
      ["process.tree"] = { pid = equals(1) },
      ["http.probe"]   = { url = equals("inputs.url") },
    },
    run = function(ctx)
      local stat, text, code = file.stat { path = ctx.inputs.path }
      if not stat then
        return nil, text, code
      end
      local sum, text, code = file.hash { path = ctx.inputs.path }
      if not sum then
        return nil, text, code
      end
      local tree, text, code = process.tree { pid = 1 }
      if not tree then
        return nil, text, code
      end
      local served, text, code = http.probe { url = ctx.inputs.url }
      if not served then
        return nil, text, code
      end
      local seen = {
        sha256 = sum.sha256, user = stat.user, mode = stat.mode, modified = stat.modified,
        status = served.status, shells = {}, left_out = tree.left_out,
      }
      for _, one in ipairs(tree.processes) do
        if one.user == ctx.inputs.user and SHELLS[one.name] then
          seen.shells[#seen.shells + 1] = { process = one.id, command = one.command }
        end
      end
      return seen
    end,
    verify = function(ctx, seen)
      return seen.status > 0, ctx.inputs.url .. " answers nothing: whether the file is served cannot be seen"
    end,
  },

  step "page" {
    needs  = { "look" },
    notify = "on-call",
    run = function(ctx)
      local seen = ctx.here.look
      return string.format("%s on %s may be a web shell: it is %s's, is served with status %d, and %d shells%s run as %s; see what look gave, then say whether to take it away",
        ctx.inputs.path, ctx.target.worker, seen.user, seen.status, #seen.shells,
        seen.left_out > 0 and string.format(", or more among %d processes that are not listed,", seen.left_out) or "", ctx.inputs.user)
    end,
  },

  step "agree" {
    needs   = { "page" },
    approve = {
      role = "responder", text = "Move the file to quarantine and block who called it? It may be a web shell", expires = "2h",
    },
  },

  -- What was blocked stays so where the file cannot be moved: it ends by itself.
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

  step "quarantine" {
    needs   = { "look", "block" },
    timeout = "5m",
    uses = {
      ["file.hash"]       = { path = equals("inputs.path") },
      ["file.quarantine"] = { path = equals("inputs.path") },
      ["file.stat"]       = { path = equals("inputs.path") },
      ["http.probe"]      = { url = equals("inputs.url") },
    },

    run = function(ctx)
      local now, text, code = file.hash { path = ctx.inputs.path }
      if not now then
        return nil, text, code
      elseif now.sha256 ~= ctx.here.look.sha256 then
        return nil, ctx.inputs.path .. " is another file than the one that was agreed to"
      end
      return file.quarantine { path = ctx.inputs.path }
    end,

    verify = function(ctx)
      local stat, text, code = file.stat { path = ctx.inputs.path }
      if not stat and code ~= "not-found" then
        return nil, text, code
      elseif stat then
        return false, ctx.inputs.path .. " is there again: something puts it there"
      end
      local served, text, code = http.probe { url = ctx.inputs.url }
      if not served then
        return nil, text, code
      end
      return served.status >= 400, string.format("%s answers with status %d still", ctx.inputs.url, served.status)
    end,
  },
}
