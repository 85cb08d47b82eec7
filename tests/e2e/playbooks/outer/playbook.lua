-- What it calls ends well; then a step of its own does not, and all is undone, what was called too.
return playbook {
  name    = "outer",
  summary = "Empty two logs by another playbook, and take that back",
  inputs  = { spool = input.path { help = "as careful wants it" } },
  step "clean" { call = "careful", given = { spool = "inputs.spool" } },
  step "regret" {
    needs = { "clean" },
    run   = function(ctx) return nil, "counted " .. ctx.here.clean.count .. " files, and regrets it", "conflict" end,
  },
}
