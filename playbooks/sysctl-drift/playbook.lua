-- SPDX-License-Identifier: Apache-2.0
-- Sets a kernel parameter to what it should be, where it is something else.

return playbook {
  name    = "sysctl-drift",
  summary = "Set a kernel parameter back to what it should be",

  inputs = {
    key   = input.name { from = "labels.key", help = "the parameter, such as net.ipv4.ip_forward" },
    value = input.string {
      pattern = "[0-9a-z_-]+[0-9a-z_ -]*", help = "what it should be, one blank between its parts",
    },
  },

  triggers = { on.alert { name = { "SysctlDrift", "KernelParameterDrift", "NodeSysctlDeviates" } } },
  rollout  = { first = 1, grow = 2, soak = "1m", max_failures = 0 },
  cooldown = "1h",

  step "look" {
    timeout = "30s",
    uses    = { ["host.sysctl"] = { key = equals("inputs.key") } },
    run = function(ctx)
      return host.sysctl { key = ctx.inputs.key }
    end,
  },

  step "set" {
    needs   = { "look" },
    timeout = "1m",
    uses = {
      ["sysctl.set"]  = { key = equals("inputs.key") }, -- undone with what it was
      ["host.sysctl"] = { key = equals("inputs.key") },
    },

    when = function(ctx)
      return ctx.here.look.value ~= ctx.inputs.value
    end,

    run = function(ctx)
      say(string.format("%s is %s", ctx.inputs.key, ctx.here.look.value))
      return sysctl.set { key = ctx.inputs.key, value = ctx.inputs.value, was = ctx.here.look.value }
    end,

    verify = function(ctx)
      local now, text, code = host.sysctl { key = ctx.inputs.key }
      if not now then
        return nil, text, code
      end
      return now.value == ctx.inputs.value, string.format("%s is %s still", ctx.inputs.key, now.value)
    end,

    undo = function(ctx)
      return sysctl.set { key = ctx.inputs.key, value = ctx.here.look.value }
    end,
  },
}
