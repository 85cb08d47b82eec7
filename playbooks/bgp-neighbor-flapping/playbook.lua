-- SPDX-License-Identifier: Apache-2.0
-- A BGP session comes and goes: shuts the neighbour once a person agrees, so that traffic takes another way.

return playbook {
  name    = "bgp-neighbor-flapping",
  summary = "Shut a BGP neighbour whose session comes and goes, once a person agrees",

  inputs = {
    device   = input.name { from = "labels.device", help = "the router, as the machine's policy names it" },
    neighbor = input.ip { from = "labels.neighbor", help = "whose session comes and goes" },
  },

  triggers = {
    on.alert {
      name = { "BgpNeighborFlapping", "BGPPeerFlapping", "BgpSessionFlapping", "FrrBgpPeerFlapping" },
    },
  },
  rollout  = { first = 1, grow = 1, soak = "1m", max_failures = 0 },
  cooldown = "1h",

  step "look" {
    timeout = "3m",
    uses = {
      ["device.neighbour"] = { device = equals("inputs.device"), neighbour = equals("inputs.neighbor") },
    },
    run = function(ctx)
      return device.neighbour { device = ctx.inputs.device, neighbour = ctx.inputs.neighbor }
    end,
    verify = function(ctx, seen)
      return not seen.shut, ctx.inputs.neighbor .. " is shut already"
    end,
  },

  step "page" {
    needs  = { "look" },
    notify = "on-call",
    run = function(ctx)
      local seen = ctx.here.look
      return string.format("the session of %s with %s comes and goes: %s now, last lost by: %s. Say whether the neighbour is shut",
        ctx.inputs.device, ctx.inputs.neighbor, seen.state, seen.reason or "not told")
    end,
  },

  step "agree" {
    needs   = { "page" },
    approve = {
      role = "responder", text = "Shut the BGP neighbour? Its session comes and goes; its routes go with it",
      expires = "1h",
    },
  },

  step "shut" {
    needs   = { "agree" },
    timeout = "5m",
    uses = {
      ["device.neighbour_down"] = { device = equals("inputs.device"), neighbour = equals("inputs.neighbor") },
      ["device.neighbour_up"]   = { device = equals("inputs.device"), neighbour = equals("inputs.neighbor") },
      ["device.neighbour"]      = { device = equals("inputs.device"), neighbour = equals("inputs.neighbor") },
    },

    run = function(ctx)
      return device.neighbour_down { device = ctx.inputs.device, neighbour = ctx.inputs.neighbor }
    end,

    verify = function(ctx)
      local now, text, code = device.neighbour {
        device = ctx.inputs.device, neighbour = ctx.inputs.neighbor,
      }
      if not now then
        return nil, text, code
      end
      return now.shut and not now.established, "the session is " .. now.state
    end,

    undo = function(ctx)
      return device.neighbour_up { device = ctx.inputs.device, neighbour = ctx.inputs.neighbor }
    end,
  },

  step "remind" {
    needs  = { "shut" },
    notify = "on-call",
    run = function(ctx)
      return string.format("%s of %s is shut until somebody takes it back (device.neighbour_up), or the device starts anew",
        ctx.inputs.neighbor, ctx.inputs.device)
    end,
  },
}
