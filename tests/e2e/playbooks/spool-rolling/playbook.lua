-- Three steps a worker, of which the last fails where SPOOL/hold lies: then the second is undone, and
-- a test sees by SPOOL/work.log.1, which only the undo removes, that it was.
return playbook {
  name    = "spool-rolling",
  summary = "Empty a log on each worker, and undo it where a file says hold",
  inputs  = { spool = input.path { help = "a spool folder with work.log and work.log.1" } },
  rollout = { first = 1, grow = 2, soak = "0s", max_failures = 1 },

  step "look" {
    uses = { ["disk.largest"] = { path = equals("inputs.spool"), count = to(100) } },
    timeout = "90s",
    run  = function(ctx) return #assert(disk.largest { path = ctx.inputs.spool, count = 100 }) end,
  },

  step "empty" {
    needs = { "look" },
    uses  = {
      ["file.truncate"] = { path = under("inputs.spool") },
      ["file.remove"]   = { path = under("inputs.spool") },
    },
    run  = function(ctx) return file.truncate { path = ctx.inputs.spool .. "/work.log" } end,
    undo = function(ctx) return file.remove { path = ctx.inputs.spool .. "/work.log.1" } end,
  },

  step "judge" {
    needs  = { "empty" },
    timeout = "90s",
    uses   = { ["disk.largest"] = { path = equals("inputs.spool"), count = to(100) } },
    run    = function(ctx) return assert(disk.largest { path = ctx.inputs.spool, count = 100 }) end,
    verify = function(ctx, files)
      for _, file in ipairs(files) do
        if file.path == ctx.inputs.spool .. "/hold" then
          return false, "hold lies there"
        end
      end
      return true
    end,
  },
}
