return playbook {
  name    = "hasty",
  summary = "Ask somebody who has a second to answer",
  step "agree" { approve = { role = "responder", text = "Now?", expires = "1s" } },
  step "go" { needs = { "agree" }, run = function() return true end },
}
