-- SPDX-License-Identifier: Apache-2.0
-- Asks the same question many times in one step: what one op costs, beside what a run costs.
return playbook {
  name    = "see",
  summary = "Ask 64 times how full a filesystem is",
  inputs  = { mount = input.path { from = "labels.mountpoint", help = "where it is mounted" } },
  triggers = { on.alert { name = { "BenchSee" } } },
  step "usage" {
    uses    = { ["disk.usage"] = { path = equals("inputs.mount") } },
    timeout = "5m",
    run     = function(ctx)
      for _ = 1, 64 do
        assert(disk.usage { path = ctx.inputs.mount })
      end
    end,
  },
}
