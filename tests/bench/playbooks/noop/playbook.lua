-- SPDX-License-Identifier: Apache-2.0
-- Asks one question and changes nothing: what every other playbook costs at least.
return playbook {
  name    = "noop",
  summary = "Ask how full a filesystem is",
  inputs  = { mount = input.path { from = "labels.mountpoint", help = "where it is mounted" } },
  triggers = { on.alert { name = { "BenchNoop" } } },
  step "usage" {
    uses    = { ["disk.usage"] = { path = equals("inputs.mount") } },
    timeout = "10s",
    run     = function(ctx) return disk.usage { path = ctx.inputs.mount } end,
  },
}
