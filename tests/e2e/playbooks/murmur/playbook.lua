-- The second step sees what the first gave, also where that was in an earlier run.
return playbook {
  name    = "murmur",
  summary = "Hand a secret on from one step to the next",
  inputs  = {
    root  = input.path { help = "has a folder for each target" },
    token = input.secret { help = "what nobody is to hear" },
  },

  step "first" {
    run = function(ctx) return { token = ctx.inputs.token } end,
  },

  step "second" {
    needs = { "first" },
    uses  = { ["disk.largest"] = { path = under("inputs.root"), count = equals(9) } },
    run   = function(ctx)
      local files, text, code = disk.largest { path = ctx.inputs.root .. "/" .. ctx.target.worker, count = 9 }
      return files and "handed on: " .. ctx.here.first.token, text, code
    end,
  },
}
