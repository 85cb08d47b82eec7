-- SPDX-License-Identifier: Apache-2.0
-- Brings the members of a bond up that were set down, puts those back that fell out of it, and tells people of those
-- without a signal.

-- The bond's members, each in one list: up and carrying, set down, or up without a signal; and those that are in nothing.
local function members_of(ctx)
  local all, text, code = link.list {}
  if not all then
    return nil, text, code
  end
  local wanted, seen = {}, { well = {}, down = {}, silent = {}, out = {} }
  for _, name in ipairs(ctx.inputs.members) do
    wanted[name] = true
  end
  for _, member in ipairs(all.links) do
    if member.master == ctx.inputs.bond then
      local list = not member.up and seen.down or member.carrier and seen.well or seen.silent
      list[#list + 1] = member.name
    elseif wanted[member.name] and not member.master then
      seen.out[#seen.out + 1] = member.name
    end
  end
  return seen
end

return playbook {
  name    = "bond-degraded",
  summary = "Bring the members of a bond up again that are down, or fell out of it",

  inputs = {
    bond    = input.name { from = "labels.master", help = "the bond, such as bond0" },
    members = input.list { help = "those of its members that may be brought up, or put back" },
  },

  triggers = { on.alert { name = { "HostNetworkBondDegraded", "NodeBondingDegraded" } } },
  rollout  = { first = 1, grow = 2, soak = "30s", max_failures = 0 },
  cooldown = "15m",

  step "look" {
    timeout = "1m",
    uses    = { ["link.view"] = { link = equals("inputs.bond") }, ["link.list"] = {} },
    run = function(ctx)
      local bond, text, code = link.view { link = ctx.inputs.bond }
      if not bond then
        return nil, text, code
      elseif bond.kind ~= "bond" then
        return nil, ctx.inputs.bond .. " is no bond"
      end
      return members_of(ctx)
    end,
  },

  step "page" {
    needs  = { "look" },
    notify = "on-call",
    when   = function(ctx)
      return #ctx.here.look.silent > 0
    end,
    run = function(ctx)
      return string.format("%s on %s has members without a signal: %s; see to cable and switch",
        ctx.inputs.bond, ctx.target.worker, table.concat(ctx.here.look.silent, ", "))
    end,
  },

  step "up" {
    needs   = { "look", "page" },
    timeout = "2m",
    uses = {
      ["link.up"]        = { link = equals("inputs.members") },
      ["link.bond_join"] = { link = equals("inputs.members"), bond = equals("inputs.bond") },
      ["link.list"]      = {},
      ["host.cpu"]       = { seconds = equals(5) },
    },

    when = function(ctx)
      return #ctx.here.look.down + #ctx.here.look.out > 0
    end,

    -- First what cannot be refused for what somebody else did with a link.
    run = function(ctx)
      for _, name in ipairs(ctx.here.look.down) do
        local done, text, code = link.up { link = name }
        if not done then
          return nil, text, code
        end
      end
      for _, name in ipairs(ctx.here.look.out) do
        local done, text, code = link.bond_join { link = name, bond = ctx.inputs.bond }
        if not done then
          return nil, text, code
        end
      end
      return { up = ctx.here.look.down, joined = ctx.here.look.out }
    end,

    -- Both ends agree on a speed first, which takes seconds.
    verify = function(ctx)
      local bad
      for _ = 1, 3 do
        local paused, text, code = host.cpu { seconds = 5 }
        if not paused then
          return nil, text, code
        end
        local seen, text, code = members_of(ctx)
        if not seen then
          return nil, text, code
        end
        bad = #seen.down > 0 and seen.down or seen.silent
        if #seen.out > 0 then
          return false, "still not in the bond: " .. table.concat(seen.out, ", ")
        elseif #bad == 0 then
          return true
        end
      end
      return false, "still without a signal: " .. table.concat(bad, ", ")
    end,
  },
}
