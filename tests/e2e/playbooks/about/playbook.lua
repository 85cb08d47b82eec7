return playbook {
  name    = "about",
  summary = "Call one that calls this",
  step "on" { call = "round" },
}
