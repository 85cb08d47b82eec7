-- SPDX-License-Identifier: Apache-2.0
-- Cuts a machine off from all but its brokers, its management, one name and one time server at most, and itself,
-- once a person agrees.

return playbook {
  name    = "isolate-host",
  summary = "Cut a machine off from all but its brokers, once a person agrees",

  inputs = {
    seconds = input.integer {
      default = 14400, range = { 600, 86400 }, help = "how long the machine is cut off",
    },
    name_server = input.ip { optional = true, help = "a name server that it may still ask" },
    time_server = input.ip { optional = true, help = "an NTP server that it may still ask" },
  },

  triggers = { on.alert { name = { "HostCompromised", "IsolateHost", "LateralMovement" } } },
  rollout  = { first = 1, grow = 1, soak = "1m", max_failures = 0 },
  at_most  = 5,
  cooldown = "1h",

  step "look" {
    timeout = "2m",
    uses = {
      ["user.sessions"]   = {},
      ["conntrack.count"] = { top = equals(20) },
      ["firewall.list"]   = {},
    },
    run = function()
      local sessions, text, code = user.sessions {}
      if not sessions then
        return nil, text, code
      end
      local tracked, text, code = conntrack.count { top = 20 }
      if not tracked then
        return nil, text, code
      end
      local now, text, code = firewall.list {}
      if not now then
        return nil, text, code
      end
      return { sessions = sessions.sessions, sources = tracked.top, isolated_s = now.isolated_s }
    end,
    verify = function(_, seen)
      return seen.isolated_s == 0, string.format("the machine is cut off already, for %d seconds more", seen.isolated_s)
    end,
  },

  step "page" {
    needs  = { "look" },
    notify = "on-call",
    run = function(ctx)
      return string.format("%s may be in others' hands: %d sessions and %d sources are open, see what look gave, then say whether to cut it off",
        ctx.target.worker, #ctx.here.look.sessions, #ctx.here.look.sources)
    end,
  },

  step "agree" {
    needs   = { "page" },
    approve = {
      role = "responder", text = "Cut the machine off from all but its brokers and management? Whoever depends on it loses it",
      expires = "2h",
    },
  },

  step "isolate" {
    needs   = { "agree" },
    timeout = "3m",
    uses = {
      ["host.isolate"]  = {
        seconds     = equals("inputs.seconds"),
        name_server = equals("inputs.name_server"),
        time_server = equals("inputs.time_server"),
      },
      ["host.release"]  = {},
      ["firewall.list"] = {},
    },

    run = function(ctx)
      return host.isolate {
        seconds = ctx.inputs.seconds, name_server = ctx.inputs.name_server, time_server = ctx.inputs.time_server,
      }
    end,

    verify = function()
      local now, text, code = firewall.list {}
      if not now then
        return nil, text, code
      end
      return now.isolated_s > 0, "the firewall does not cut it off"
    end,

    undo = function()
      return host.release {}
    end,
  },
}
