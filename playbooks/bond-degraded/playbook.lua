-- SPDX-License-Identifier: Apache-2.0
-- Brings the members of a bond up that were set down, puts those back that fell out of it, and tells people of those
-- that it can do nothing about: without a signal, gone, or not named.

-- Each in one list. The bond's members: up and carrying, set down, set down and not named, up without a signal. Those that are
-- named and in nothing; and those that are named and in something else, or that the machine does not have.
local function members_of(ctx)
  local all, text, code = link.list {}
  if not all then
    return nil, text, code
  end
  local named, seen = {}, { well = {}, down = {}, unnamed = {}, silent = {}, out = {}, away = {} }
  for _, name in ipairs(ctx.inputs.members) do
    named[name] = true
  end
  for _, member in ipairs(all.links) do
    local list
    if member.master == ctx.inputs.bond and member.up then
      list = member.carrier and seen.well or seen.silent
    elseif member.master == ctx.inputs.bond then
      list = named[member.name] and seen.down or seen.unnamed
    elseif named[member.name] and not member.master then
      list = seen.out
    end
    if list then
      list[#list + 1], named[member.name] = member.name, nil
    end
  end
  for _, name in ipairs(ctx.inputs.members) do
    if named[name] and all.more then
      return nil, "this machine has more links than are listed: " .. name .. " may be among the others", "limit"
    elseif named[name] then
      seen.away[#seen.away + 1] = name
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
      local seen = ctx.here.look
      return #seen.silent + #seen.away + #seen.unnamed > 0
    end,
    run = function(ctx)
      local said = {}
      local function add(text, list)
        if #list > 0 then
          said[#said + 1] = string.format(text, table.concat(list, ", "))
        end
      end
      add("has members without a signal: %s; see to cable and switch", ctx.here.look.silent)
      add("lacks %s, which this machine does not have or has in something else", ctx.here.look.away)
      add("has members that are set down and not named, so they stay so: %s", ctx.here.look.unnamed)
      return string.format("%s on %s %s", ctx.inputs.bond, ctx.target.worker, table.concat(said, "; "))
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
