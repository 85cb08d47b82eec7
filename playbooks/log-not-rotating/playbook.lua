-- SPDX-License-Identifier: Apache-2.0
-- Rotates a log that grew too large, and has its writer open the new one.

return playbook {
  name    = "log-not-rotating",
  summary = "Rotate a log that grew too large, and have its writer open the new one",

  inputs = {
    log     = input.path { from = "labels.path", help = "the log, below a spool folder of the policy" },
    writer  = input.name { help = "what the process that writes it calls itself" },
    megabytes = input.integer {
      default = 1000, range = { 1, 1000000 }, help = "a smaller one is left alone",
    },
  },

  triggers = { on.alert { name = { "LogFileTooLarge", "LogNotRotating", "LogrotateFailed" } } },
  rollout  = { first = 1, grow = 2, soak = "30s", max_failures = 0 },
  cooldown = "1h",

  step "look" {
    timeout = "1m",
    uses = {
      ["file.stat"]    = { path = equals("inputs.log") },
      ["process.tree"] = { pid = equals(1) },
    },
    run = function(ctx)
      local stat, text, code = file.stat { path = ctx.inputs.log }
      if not stat then
        return nil, text, code
      end
      local tree, text, code = process.tree { pid = 1 }
      if not tree then
        return nil, text, code
      end
      local seen = { bytes = stat.bytes, inode = stat.inode }
      for _, one in ipairs(tree.processes) do
        if one.name == ctx.inputs.writer and not seen.writer then
          seen.writer = one.id -- parents stand before their children
        end
      end
      return seen
    end,
    verify = function(ctx, seen)
      return seen.writer ~= nil, string.format("no process '%s' runs: who writes the log?", ctx.inputs.writer)
    end,
  },

  step "rotate" {
    needs   = { "look" },
    timeout = "2m",
    uses = {
      ["file.rotate"]    = { path = equals("inputs.log") },
      ["process.signal"] = { name = equals("inputs.writer"), signal = equals("HUP") },
      ["file.stat"]      = { path = equals("inputs.log") },
    },

    when = function(ctx)
      return ctx.here.look.bytes >= ctx.inputs.megabytes * 1000000
    end,

    run = function(ctx)
      local old, text, code = file.rotate { path = ctx.inputs.log }
      if not old then
        return nil, text, code
      end
      local told, text, code = process.signal {
        process = ctx.here.look.writer, name = ctx.inputs.writer, signal = "HUP",
      }
      if not told then
        return nil, text, code
      end
      return old
    end,

    verify = function(ctx)
      local stat, text, code = file.stat { path = ctx.inputs.log }
      if not stat then
        return nil, text, code
      end
      return stat.inode ~= ctx.here.look.inode and stat.bytes < ctx.here.look.bytes,
        "the log is the old one still"
    end,
  },
}
