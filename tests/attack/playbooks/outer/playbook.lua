-- SPDX-License-Identifier: Apache-2.0
-- Another playbook does the work: which of its releases is for the order to say.
return playbook {
  name    = "outer",
  summary = "Remove one rotated log by another playbook",
  inputs  = { path = input.path { help = "the log" } },
  step "on" { call = "wipe", given = { path = "inputs.path" } },
}
