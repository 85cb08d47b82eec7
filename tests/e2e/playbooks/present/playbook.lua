return playbook {
  name    = "present",
  summary = "Look at each of several folders",
  inputs  = {
    root    = input.path { help = "what holds them" },
    folders = input.list { help = "their names" },
  },
  step "each" {
    for_each = "inputs.folders", max = 5,
    uses = { ["disk.largest"] = { path = under("inputs.root"), count = equals(1) } },
    run  = function(ctx, name)
      say("looking at " .. name)
      return disk.largest { path = ctx.inputs.root .. "/" .. name, count = 1 }
    end,
  },
}
