return playbook {
  name    = "counting",
  summary = "Count the files of a folder",
  inputs  = {
    folder = input.path { help = "the folder" },
    most   = input.integer { default = 9, range = { 1, 100 }, help = "no more than these" },
  },
  step "count" {
    uses = { ["disk.largest"] = { path = equals("inputs.folder"), count = equals("inputs.most") } },
    run  = function(ctx)
      return #assert(disk.largest { path = ctx.inputs.folder, count = ctx.inputs.most })
    end,
  },
}
