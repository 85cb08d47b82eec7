return playbook {
  name    = "calling",
  summary = "Let another playbook look at a folder, and count what it found",
  inputs  = { folder = input.path { help = "the folder" } },
  step "look" { call = "counting", given = { folder = "inputs.folder", most = 2 } },
  step "tell" {
    needs  = { "look" },
    notify = "desk",
    run    = function(ctx) return "counted " .. ctx.here.look.count .. " of at most 2" end,
  },
}
