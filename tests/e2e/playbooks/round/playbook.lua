-- Refused: it calls one that calls it again.
return playbook {
  name    = "round",
  summary = "Call one that calls this",
  step "on" { call = "about" },
}
