return playbook {
  name    = "rolling",
  summary = "Start a service and restart it: an op that may be repeated, then one that nobody may repeat on a guess",
  inputs  = { service = input.name { help = "as the machine's policy names it" } },
  triggers = { on.alert { name = { "Rolling" } } },
  rollout = { first = 1, grow = 2, soak = "0s", max_failures = 0 },
  step "start" {
    uses = { ["service.start"] = { service = equals("inputs.service") } },
    run  = function(ctx) return service.start { service = ctx.inputs.service } end,
  },
  step "restart" {
    needs = { "start" },
    uses  = { ["service.restart"] = { service = equals("inputs.service") } },
    run   = function(ctx) return service.restart { service = ctx.inputs.service } end,
  },
}
