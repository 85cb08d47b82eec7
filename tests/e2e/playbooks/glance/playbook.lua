return playbook {
  name     = "glance",
  summary  = "See how full a filesystem is",
  inputs   = { mount = input.path { from = "labels.mountpoint", help = "where it is mounted" } },
  at_most  = 2,
  triggers = { on.alert { name = "HostOutOfDiskSpace" } },
  step "usage" {
    uses = { ["disk.usage"] = { path = equals("inputs.mount") } },
    run  = function(ctx) return disk.usage { path = ctx.inputs.mount } end,
    verify = function(_, usage) return usage.total_bytes > 0 end,
  },
}
