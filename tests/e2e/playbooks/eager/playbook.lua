-- Refused: an op that nobody may repeat on a guess stands in a step that is tried again.
return playbook {
  name    = "eager",
  summary = "Restart a service until it works",
  inputs  = { service = input.name {} },
  step "restart" {
    uses  = { ["service.restart"] = { service = equals("inputs.service") } },
    retry = { count = 2, pause = "1s" },
    run   = function(ctx) return service.restart { service = ctx.inputs.service } end,
  },
}
