-- SPDX-License-Identifier: Apache-2.0
-- What a lying broker would like to have in another order: a check, an answer, a consent, and only then an effect.
return playbook {
  name    = "guarded",
  summary = "Remove the log that a responder names, where it is allowed and once a reviewer agrees",
  inputs  = { path = input.path { help = "a spool folder with a file `open` and rotated logs" } },
  step "check" {
    uses   = { ["disk.largest"] = { path = equals("inputs.path"), count = equals(100) } },
    run    = function(ctx) return disk.largest { path = ctx.inputs.path, count = 100 } end,
    verify = function(ctx, files)
      for _, file in ipairs(files) do
        if file.path == ctx.inputs.path .. "/open" then
          return true
        end
      end
      return false, "it is not open"
    end,
  },
  step "which" {
    needs = { "check" },
    ask   = { role = "responder", text = "Which log?", options = { "left", "right" } },
  },
  step "agree" { needs = { "which" }, approve = { role = "reviewer", text = "Remove it?", expires = "30m" } },
  step "remove" {
    needs = { "which", "agree" },
    uses  = { ["file.remove"] = { path = under("inputs.path") }, ["file.truncate"] = { path = under("inputs.path") } },
    run   = function(ctx) return file.remove { path = ctx.inputs.path .. "/" .. ctx.here.which .. ".log.1" } end,
    undo  = function(ctx) return file.truncate { path = ctx.inputs.path .. "/app.log" } end,
  },
}
