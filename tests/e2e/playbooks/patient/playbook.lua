return playbook {
  name    = "patient",
  summary = "Wait for a file, a little longer each time",
  inputs  = { folder = input.path { help = "where the file will lie" } },
  step "look" {
    uses    = { ["disk.largest"] = { path = equals("inputs.folder"), count = equals(1) } },
    retry   = { count = 5, pause = "1s" },
    run = function(ctx)
      local files, text, code = disk.largest { path = ctx.inputs.folder, count = 1 }
      if not files then
        return nil, text, code
      elseif not files[1] then
        return nil, "nothing lies there yet", "not-found"
      end
      return files[1].path
    end,
  },
}
