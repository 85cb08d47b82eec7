return playbook {
  name    = "aside",
  summary = "Ask for a consent while something else takes long",
  step "start" {
    uses = { ["service.start"] = { service = equals("slow") } },
    run  = function() return service.start { service = "slow" } end,
  },
  step "agree" { approve = { role = "responder", text = "Go on?", expires = "10m" } },
  step "status" {
    needs = { "start", "agree" },
    uses  = { ["service.status"] = { service = equals("slow") } },
    run   = function() return service.status { service = "slow" } end,
    verify = function(_, now) return now.running end,
  },
}
