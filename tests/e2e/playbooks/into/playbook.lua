-- Refused: what it calls goes round.
return playbook {
  name    = "into",
  summary = "Call one that calls one that calls it",
  step "on" { call = "round" },
}
