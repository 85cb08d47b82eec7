-- SPDX-License-Identifier: Apache-2.0
-- A BGP session is down: says how far the neighbour is reached, and tells people. Changes nothing.

return playbook {
  name    = "bgp-neighbor-down",
  summary = "Tell people how far a lost BGP neighbour is reached",

  inputs = {
    neighbor = input.ip { from = "labels.neighbor", help = "the neighbour's address" },
  },

  triggers = {
    on.alert {
      name = {
        "BgpNeighborDown", "BGPPeerDown", "FrrBgpPeerDown",
        "bgpBackwardTransition", "bgpBackwardTransNotification", -- traps
      },
    },
  },
  rollout  = { first = 1, grow = 4, soak = "10s", max_failures = 1 },
  cooldown = "15m",

  step "look" {
    timeout = "5m",
    uses = {
      ["route.get"]      = { address = equals("inputs.neighbor") },
      ["net.ping"]       = { address = equals("inputs.neighbor"), count = equals(5) },
      ["net.tcp"]        = { address = equals("inputs.neighbor"), port = equals(179) },
      ["net.traceroute"] = { address = equals("inputs.neighbor"), hops = equals(8) },
    },
    run = function(ctx)
      local peer = ctx.inputs.neighbor
      local way, text, code = route.get { address = peer }
      if not way then
        return nil, text, code
      end
      local seen = { link = way.link, via = way.via, routed = way.reachable, answered = 0, hops = {} }
      if not way.reachable then
        return seen
      end
      local echo, text, code = net.ping { address = peer, count = 5 }
      if not echo then
        return nil, text, code
      end
      local session, text, code = net.tcp { address = peer, port = 179, timeout_ms = 3000 }
      if not session then
        return nil, text, code
      end
      seen.answered, seen.port_open, seen.error = echo.received, session.connected, session.error
      if echo.received == 0 then
        local trace, text, code = net.traceroute { address = peer, hops = 8 }
        if not trace then
          return nil, text, code
        end
        for _, hop in ipairs(trace.hops) do
          seen.hops[#seen.hops + 1] = hop.address or "-"
        end
      end
      return seen
    end,
  },

  step "page" {
    needs  = { "look" },
    notify = "on-call",
    run = function(ctx)
      local seen, why = ctx.here.look
      if not seen.routed then
        why = "no route leads there: look at the link and at what should announce it"
      elseif seen.answered == 0 then
        why = "it answers no echo; the way goes " .. table.concat(seen.hops, " ") .. ": look at the circuit"
      elseif not seen.port_open then
        why = "it answers echoes but takes no session: " .. (seen.error or "no answer")
      else
        why = "its port is open: look at passwords, AS numbers and prefix limits, at both ends"
      end
      return string.format("BGP neighbour %s of %s is down; %s. Clear or drain nothing before that is known",
        ctx.inputs.neighbor, ctx.target.worker, why)
    end,
  },
}
