return playbook {
  name    = "slow-start",
  summary = "Start a service whose start command takes as long as it likes",
  inputs  = { service = input.name { from = "labels.service" } },
  triggers = { on.alert { name = { "SlowStart" } } },
  step "start" {
    uses    = { ["service.start"] = { service = equals("inputs.service") } },
    timeout = "60s",
    run     = function(ctx) return service.start { service = ctx.inputs.service } end,
  },
}
