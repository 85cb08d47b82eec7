-- What each target has is told once, and a person agrees to it once.
return playbook {
  name    = "tally",
  summary = "Count the files of a folder on every target, and tell the sum",
  inputs  = {
    root = input.path { help = "has a folder for each target" },
    ask  = input.choice { choices = { "yes", "no" }, default = "no", help = "whether a person is asked" },
  },
  rollout = { first = 1, grow = 1 },

  step "count" {
    uses = { ["disk.largest"] = { path = under("inputs.root"), count = equals(9) } },
    run  = function(ctx)
      local files, text, code = disk.largest { path = ctx.inputs.root .. "/" .. ctx.target.worker, count = 9 }
      return files and #files, text, code
    end,
  },

  step "sure" {
    once    = true,
    needs   = { "count" },
    when    = function(ctx) return ctx.inputs.ask == "yes" and next(ctx.all.count) ~= nil end,
    approve = { role = "responder", text = "Tell the sum?", expires = "5m" },
  },

  step "tell" {
    once   = true,
    needs  = { "count", "sure" },
    notify = "desk",
    run    = function(ctx)
      local sum, words = 0, {}
      for target, count in pairs(ctx.all.count) do
        sum = sum + count
        words[#words + 1] = target .. " has " .. count
      end
      say(table.concat(words, ", "))
      return "all " .. #words .. " together have " .. sum
    end,
  },
}
