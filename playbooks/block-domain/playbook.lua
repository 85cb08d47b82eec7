-- SPDX-License-Identifier: Apache-2.0
-- Has the machine's resolver answer nothing for a hostile name, for a while.

-- A resolver that says anything else is ill: what it leads to cannot be seen.
local TELLS = { noerror = true, nxdomain = true, refused = true }

-- What the resolver gives for the name: its addresses but those of the sinkhole.
local function resolved(ctx)
  local given = { addresses = {} }
  for _, kind in ipairs { "A", "AAAA" } do
    local asked, text, code = net.dns { name = ctx.inputs.domain, type = kind, server = ctx.inputs.server }
    if not asked then
      return nil, text, code
    elseif not TELLS[asked.rcode] then
      return nil, string.format("%s answers %s for %s: where it leads cannot be seen", ctx.inputs.server, asked.rcode, ctx.inputs.domain)
    end
    for _, answer in ipairs(asked.answers) do
      if answer.type == kind and answer.data ~= "0.0.0.0" and answer.data ~= "::" then
        given.addresses[#given.addresses + 1] = answer.data
      end
    end
  end
  return given
end

-- Has one of the policy's commands change what the resolver blocks.
local function command(name, words)
  local done, text, code = site.run { command = name, with = words }
  if not done then
    return nil, text, code
  elseif done.status ~= 0 then
    return nil, string.format("%s ended with status %d: %s", name, done.status, done.output)
  end
  return done
end

return playbook {
  name    = "block-domain",
  summary = "Have a resolver answer nothing for a hostile name, for a while",

  inputs = {
    domain  = input.host { from = "labels.domain", help = "the hostile name" },
    server  = input.ip { default = "127.0.0.1", help = "the resolver, which this machine runs" },
    ours    = input.list { default = { "localhost" }, help = "names that nobody blocks, nor what lies below them" },
    seconds = input.integer {
      default = 86400, range = { 600, 2592000 }, help = "how long it is blocked",
    },
  },

  triggers = { on.alert { name = { "MaliciousDomain", "IndicatorDomainSeen", "BlockDomain" } } },
  rollout  = { first = 1, grow = 2, soak = "30s", max_failures = 0 },
  cooldown = "5m",

  step "look" {
    timeout = "1m",
    uses = { ["net.dns"] = { name = equals("inputs.domain"), server = equals("inputs.server"), type = one_of { "A", "AAAA" } } },
    run  = resolved,
    verify = function(ctx)
      for _, own in ipairs(ctx.inputs.ours) do
        if ("." .. ctx.inputs.domain):sub(-#own - 1) == "." .. own or ("." .. own):sub(-#ctx.inputs.domain - 1) == "." .. ctx.inputs.domain then
          return false, string.format("%s would block %s, which is ours", ctx.inputs.domain, own)
        end
      end
      return true
    end,
  },

  step "block" {
    needs   = { "look" },
    timeout = "6m",
    uses = {
      ["site.run"] = { command = one_of { "block-domain", "unblock-domain" } },
      ["net.dns"]  = { name = equals("inputs.domain"), server = equals("inputs.server"), type = one_of { "A", "AAAA" } },
    },

    when = function(ctx)
      return #ctx.here.look.addresses > 0
    end,

    run = function(ctx)
      return command("block-domain", string.format("domain=%s seconds=%d", ctx.inputs.domain, ctx.inputs.seconds))
    end,

    verify = function(ctx)
      local now, text, code = resolved(ctx)
      if not now then
        return nil, text, code
      end
      return #now.addresses == 0, string.format("%s leads to %s still", ctx.inputs.domain, now.addresses[1] or "")
    end,

    undo = function(ctx)
      return command("unblock-domain", "domain=" .. ctx.inputs.domain)
    end,
  },
}
