return playbook {
  name    = "handing",
  summary = "Restart a service, then let another playbook count the files of a folder",
  inputs  = { folder = input.path { help = "the folder" } },
  step "restart" {
    uses = { ["service.restart"] = { service = equals("slow") } },
    run  = function() return service.restart { service = "slow" } end,
  },
  step "on" { needs = { "restart" }, call = "counting", given = { folder = "inputs.folder" } },
}
