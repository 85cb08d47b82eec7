return playbook {
  name    = "relay",
  summary = "Let another playbook ask",
  inputs  = { spool = input.path { help = "a spool folder with left.log and right.log" } },
  step "on" { call = "asking", given = { spool = "inputs.spool" } },
}
