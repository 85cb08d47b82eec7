-- SPDX-License-Identifier: Apache-2.0
-- What a lying broker would like to decide: what every target gave, upon which one of them acts for all.
return playbook {
  name    = "shared",
  summary = "Remove a log once every target has agreed",
  inputs  = { path = input.path { help = "the log" } },
  step "agree" { run = function() return "yes" end },
  step "remove" {
    once  = true,
    needs = { "agree" },
    uses  = { ["file.remove"] = { path = equals("inputs.path") } },
    run   = function(ctx)
      for target, word in pairs(ctx.all.agree) do
        if word ~= "yes" then
          return nil, target .. " does not agree"
        end
      end
      return file.remove { path = ctx.inputs.path }
    end,
  },
}
