return playbook {
  name    = "lacking",
  summary = "Let another playbook look at a folder, without saying which",
  step "look" { call = "counting", given = { most = 2 } },
}
