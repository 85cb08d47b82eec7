-- SPDX-License-Identifier: Apache-2.0
-- Has a machine ask a spare resolver while its own answers nothing, and its own again once that answers.

local LOOKS = 3

-- How many of so many questions a server answered; where none is named, the one that the machine asks. One that the machine's
-- policy keeps from being asked is not silent.
local function answers_of(ctx, count, server)
  local good = 0
  for _ = 1, count do
    local reply, text, code = net.dns { name = ctx.inputs.name, type = "A", server = server, timeout_ms = 2000 }
    if code == "policy" then
      return nil, text, code
    end
    good = good + (reply and reply.rcode == "noerror" and 1 or 0)
  end
  return good
end

local function use(server)
  local done, text, code = site.run { command = "use-resolver", with = "server=" .. server }
  if not done then
    return nil, text, code
  elseif done.status ~= 0 then
    return nil, "use-resolver ended with " .. done.status .. ": " .. done.output
  end
  return { uses = server }
end

local function machine_resolves(ctx)
  local good, text, code = answers_of(ctx, LOOKS)
  if not good then
    return nil, text, code
  end
  return good == LOOKS, string.format("the machine got %d of %d questions answered", good, LOOKS)
end

local USES = {
  ["site.run"] = { command = equals("use-resolver") },
  ["net.dns"]  = { name = equals("inputs.name"), type = equals("A") },
}

return playbook {
  name    = "resolver-switch",
  summary = "Have a machine ask a spare resolver while its own answers nothing, and its own again afterwards",

  inputs = {
    resolver = input.ip   { help = "the machine's own" },
    spare    = input.ip   { help = "a resolver elsewhere" },
    name     = input.host { help = "a name that always resolves, at both" },
  },

  triggers = { on.alert { name = { "HostResolverUnreachable", "HostNameResolutionFailing" } } },
  rollout  = { first = 1, grow = 2, soak = "1m", max_failures = 0 },
  cooldown = "10m",

  step "look" {
    timeout = "2m",
    uses    = { ["net.dns"] = { name = equals("inputs.name"), type = equals("A") } },
    run = function(ctx)
      local own, text, code = answers_of(ctx, LOOKS, ctx.inputs.resolver)
      if not own then
        return nil, text, code
      end
      local spare, text, code = answers_of(ctx, LOOKS, ctx.inputs.spare)
      if not spare then
        return nil, text, code
      end
      local machine, text, code = answers_of(ctx, 1)
      if not machine then
        return nil, text, code
      end
      return { own = own, spare = spare, machine = machine }
    end,
    verify = function(ctx, seen)
      return seen.own > 0 or seen.spare == LOOKS, string.format("%s answers no better than %s", ctx.inputs.spare, ctx.inputs.resolver)
    end,
  },

  -- Whoever is answered already asks the spare one, or has a third.
  step "switch" {
    needs   = { "look" },
    timeout = "5m",
    uses    = USES,
    when    = function(ctx) return ctx.here.look.own == 0 and ctx.here.look.machine == 0 end,
    run     = function(ctx) return use(ctx.inputs.spare) end,
    verify  = machine_resolves,
    undo    = function(ctx) return use(ctx.inputs.resolver) end,
  },

  step "restore" {
    needs   = { "look" },
    timeout = "5m",
    uses    = USES,
    when    = function(ctx) return ctx.here.look.own == LOOKS end,
    run     = function(ctx) return use(ctx.inputs.resolver) end,
    verify  = machine_resolves,
    undo    = function(ctx) return use(ctx.inputs.spare) end,
  },

  step "page" {
    needs  = { "look", "switch" },
    notify = "on-call",
    when   = function(ctx) return ctx.here.look.own == 0 end,
    run = function(ctx)
      local asks = ctx.here.switch and "asks " .. ctx.inputs.spare or "gets its answers elsewhere"
      return string.format("%s %s, since %s answers nothing: once that is mended run this again, it goes back",
        ctx.target.worker, asks, ctx.inputs.resolver)
    end,
  },
}
