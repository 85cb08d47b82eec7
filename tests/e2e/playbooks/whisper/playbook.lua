-- A secret goes wherever a playbook can put one: arguments, results, outputs, lines, reasons, notices, and what others see.
return playbook {
  name    = "whisper",
  summary = "Say a secret everywhere",
  inputs  = {
    root  = input.path { help = "has a folder for each target" },
    token = input.secret { help = "what nobody is to hear" },
    fail  = input.choice { choices = { "yes", "no" }, default = "no", help = "whether it ends badly" },
  },
  rollout = { first = 1, grow = 1 },

  step "look" {
    uses = { "process.list", ["disk.largest"] = { path = under("inputs.root"), count = equals(9) } },
    run  = function(ctx)
      say("the token is " .. ctx.inputs.token)
      process.list { name = ctx.inputs.token }
      local files, text, code = disk.largest { path = ctx.inputs.root .. "/" .. ctx.target.worker, count = 9 }
      return files and { token = ctx.inputs.token, files = files }, text, code
    end,
  },

  step "start" {
    needs = { "look" },
    uses  = { ["service.start"] = { service = equals("slow") } },
    run   = function(ctx)
      say("before: " .. ctx.here.look.token)
      local started, text, code = service.start { service = "slow" }
      say("after: " .. ctx.here.look.token)
      return started and ctx.here.look.token, text, code
    end,
  },

  step "stumble" {
    needs = { "start" },
    when  = function(ctx) return ctx.inputs.fail == "yes" end,
    run   = function(ctx) return nil, "it is " .. ctx.inputs.token end,
  },

  step "tell" {
    once   = true,
    needs  = { "look", "stumble" },
    notify = "desk",
    run    = function(ctx)
      local words = {}
      for target, look in pairs(ctx.all.look) do words[#words + 1] = target .. " " .. look.token end
      say(table.concat(words, ", "))
      return "all know: " .. table.concat(words, ", ")
    end,
  },
}
