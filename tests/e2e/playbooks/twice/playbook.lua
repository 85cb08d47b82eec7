return playbook {
  name    = "twice",
  summary = "Restart a service, and once more: two ops in one step",
  step "both" {
    uses = { ["service.restart"] = { service = equals("slow") } },
    run  = function()
      local done, text, code = service.restart { service = "slow" }
      if not done then
        return nil, text, code
      end
      return service.restart { service = "slow" }
    end,
  },
}
