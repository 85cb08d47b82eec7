return playbook {
  name    = "brief",
  summary = "Start a service that takes longer than there is time for",
  step "start" {
    timeout = "1s",
    uses    = { ["service.start"] = { service = equals("slow") } },
    run     = function() return service.start { service = "slow" } end,
  },
}
