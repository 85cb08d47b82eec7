return playbook {
  name    = "slow-restart",
  summary = "Restart a service: an op that is looked for before it is repeated",
  inputs  = { service = input.name { from = "labels.service" } },
  triggers = { on.alert { name = { "SlowRestart" } } },
  step "restart" {
    uses    = { ["service.restart"] = { service = equals("inputs.service") } },
    timeout = "60s",
    run     = function(ctx) return service.restart { service = ctx.inputs.service } end,
  },
}
