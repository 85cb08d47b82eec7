return playbook {
  name     = "asking",
  summary  = "Empty the log that a responder names, once a reviewer agrees",
  inputs   = { spool = input.path { from = "labels.mountpoint", help = "a spool folder with left.log and right.log" } },
  triggers = { on.alert { name = "HostOutOfDiskSpace" } },
  step "which" {
    ask = { role = "responder", text = "Which log is full?", options = { "left", "right" } },
  },
  step "agree" {
    needs   = { "which" },
    approve = { role = "reviewer", text = "Empty that log?", expires = "30m" },
  },
  step "empty" {
    needs = { "which", "agree" },
    uses  = { ["file.truncate"] = { path = under("inputs.spool") } },
    run   = function(ctx)
      return file.truncate { path = ctx.inputs.spool .. "/" .. ctx.here.which .. ".log" }
    end,
  },
}
