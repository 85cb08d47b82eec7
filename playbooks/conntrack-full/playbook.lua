-- SPDX-License-Identifier: Apache-2.0
-- Makes room in the kernel's connection table before it drops new connections, and says who fills it.

local KEY = "net.netfilter.nf_conntrack_max"

return playbook {
  name    = "conntrack-full",
  summary = "Make room in the kernel's connection table, and tell people who fills it",

  inputs = {
    limit = input.percent { default = 80, help = "of the table that may be in use" },
    goal  = input.percent { default = 70, help = "of the table that may be in use afterwards" },
    max   = input.string {
      default = "524288", pattern = "[1-9][0-9]{3,7}", help = "connections that it may hold then; each takes 320 bytes",
    },
  },

  triggers = {
    on.alert {
      name = { "HostConntrackLimit", "NodeHighNumberConntrackEntriesUsed", "ConntrackTableFull" },
    },
  },
  rollout  = { first = 1, grow = 4, soak = "30s", max_failures = 0 },
  cooldown = "30m",

  step "look" {
    timeout = "2m",
    uses = {
      ["conntrack.count"] = { top = equals(5) },
      ["host.sysctl"]     = { key = equals("net.netfilter.nf_conntrack_max") },
      ["host.cpu"]        = { seconds = equals(10) },
    },
    run = function()
      local first, text, code = conntrack.count { top = 5 }
      if not first then
        return nil, text, code
      elseif not first.tracked then
        return nil, "the kernel tracks no connections"
      end
      local busy, text, code = host.cpu { seconds = 10 }
      if not busy then
        return nil, text, code
      end
      local second, text, code = conntrack.count { top = 5 }
      if not second then
        return nil, text, code
      end
      local max, text, code = host.sysctl { key = KEY }
      if not max then
        return nil, text, code
      end
      return {
        used_percent = math.min(first.used_percent, second.used_percent), count = second.count,
        max = max.value, top = second.top,
      }
    end,
  },

  step "page" {
    needs  = { "look" },
    notify = "on-call",
    when   = function(ctx)
      return ctx.here.look.used_percent > ctx.inputs.limit
    end,
    run = function(ctx)
      local seen, top = ctx.here.look, {}
      for index, one in ipairs(seen.top) do
        top[index] = string.format("%s (%d)", one.address, one.count)
      end
      return string.format("the connection table of %s is %d %% full (%d of %s), most of it from %s: block-ip is for those that are hostile",
        ctx.target.worker, seen.used_percent, seen.count, seen.max, table.concat(top, ", "))
    end,
  },

  step "raise" {
    needs   = { "look", "page" },
    timeout = "1m",
    uses = {
      ["sysctl.set"]      = { key = equals("net.netfilter.nf_conntrack_max") },
      ["conntrack.count"] = { top = equals(0) },
    },

    when = function(ctx)
      return ctx.here.look.used_percent > ctx.inputs.limit
    end,

    run = function(ctx)
      if tonumber(ctx.inputs.max) <= tonumber(ctx.here.look.max) then
        return nil, string.format("it may hold %s already: see what look gave for who fills it", ctx.here.look.max)
      end
      return sysctl.set { key = KEY, value = ctx.inputs.max, was = ctx.here.look.max }
    end,

    verify = function(ctx)
      local now, text, code = conntrack.count { top = 0 }
      if not now then
        return nil, text, code
      end
      return now.used_percent <= ctx.inputs.goal, string.format("%d %% of it is in use still", now.used_percent)
    end,

    undo = function(ctx)
      return sysctl.set { key = KEY, value = ctx.here.look.max }
    end,
  },
}
