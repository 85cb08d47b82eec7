-- SPDX-License-Identifier: Apache-2.0
-- Somebody listens on a link: tells people what runs, and cuts the machine off once they agree.

return playbook {
  name    = "promiscuous-link",
  summary = "Cut a machine off that listens to others' traffic, once a person agrees",

  inputs = {
    link    = input.name { from = "labels.device", help = "the link that hears everything" },
    seconds = input.integer {
      default = 14400, range = { 600, 86400 }, help = "how long the machine is cut off",
    },
  },

  triggers = {
    on.alert {
      name = {
        "PromiscuousMode", "RootkitSuspected", "InterfacePromiscuous",
        "Interface entered in promiscuous(sniffing) mode.", -- Wazuh 5104
      },
    },
  },
  rollout  = { first = 1, grow = 1, soak = "1m", max_failures = 0 },
  at_most  = 5,
  cooldown = "1h",

  step "look" {
    timeout = "3m",
    uses = {
      ["link.view"]     = { link = equals("inputs.link") },
      ["process.tree"]  = { pid = equals(1) },
      ["file.setuid"]   = { path = equals("/usr"), count = equals(100) },
      ["user.sessions"] = {},
    },
    run = function(ctx)
      local hears, text, code = link.view { link = ctx.inputs.link }
      if not hears then
        return nil, text, code
      end
      local tree, text, code = process.tree { pid = 1 }
      if not tree then
        return nil, text, code
      end
      local setuid, text, code = file.setuid { path = "/usr", count = 100 }
      if not setuid then
        return nil, text, code
      end
      local sessions, text, code = user.sessions {}
      if not sessions then
        return nil, text, code
      end
      return {
        promiscuous = hears.promiscuous, master = hears.master, processes = tree.processes,
        setuid = setuid.files, sessions = sessions.sessions,
      }
    end,
    verify = function(ctx, seen)
      if not seen.promiscuous then
        return false, ctx.inputs.link .. " hears only its own traffic now"
      end
      return not seen.master,
        string.format("%s belongs to %s, which has it hear everything", ctx.inputs.link, seen.master or "")
    end,
  },

  step "page" {
    needs  = { "look" },
    notify = "on-call",
    run = function(ctx)
      return string.format("%s on %s hears all traffic, %d processes run and %d sessions are open: see what look gave, then say whether to cut it off",
        ctx.inputs.link, ctx.target.worker, #ctx.here.look.processes, #ctx.here.look.sessions)
    end,
  },

  step "agree" {
    needs   = { "page" },
    approve = {
      role = "responder", text = "Cut the machine off? A link of it hears all traffic, and nothing of ours asked for that",
      expires = "2h",
    },
  },

  step "isolate" {
    needs   = { "agree" },
    timeout = "3m",
    uses = {
      ["host.isolate"]  = { seconds = equals("inputs.seconds") },
      ["host.release"]  = {},
      ["firewall.list"] = {},
    },

    run = function(ctx)
      return host.isolate { seconds = ctx.inputs.seconds }
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
