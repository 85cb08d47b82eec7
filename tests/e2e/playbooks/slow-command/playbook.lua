return playbook {
  name    = "slow-command",
  summary = "Execute a command of the site's: an op that nobody may repeat on a guess",
  step "act" {
    uses    = { ["site.run"] = { command = equals("slow") } },
    timeout = "60s",
    run     = function() return site.run { command = "slow" } end,
  },
}
