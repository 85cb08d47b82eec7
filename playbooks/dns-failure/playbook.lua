-- SPDX-License-Identifier: Apache-2.0
-- Restarts a resolver that answers nothing, and sees that it answers again, three times.

local LOOKS = 3

-- How many of LOOKS questions got an answer; and what the last one got. A resolver that the machine's policy keeps from being
-- asked is not silent.
local function asked(ctx)
  local good, last = 0, ""
  for _ = 1, LOOKS do
    local reply, text, code = net.dns {
      name = ctx.inputs.name, type = "A", server = ctx.inputs.resolver, timeout_ms = 3000,
    }
    if code == "policy" then
      return nil, text, code
    end
    last = reply and reply.rcode or text
    if last == "noerror" then
      good = good + 1
    end
  end
  return { good = good, last = last }
end

return playbook {
  name    = "dns-failure",
  summary = "Restart a resolver that answers nothing",

  inputs = {
    service  = input.name { help = "the resolver, as the machine's policy names it" },
    resolver = input.ip   { default = "127.0.0.1", help = "where it answers" },
    name     = input.host { help = "a name that always resolves, here and elsewhere" },
    spare    = input.ip   { help = "a resolver elsewhere: what it cannot answer either is not ours to mend" },
  },

  triggers = { on.alert { name = { "DnsProbeFailed", "BlackboxDnsProbeFailed", "UnboundDown", "BindDown" } } },
  rollout  = { first = 1, grow = 2, soak = "30s", max_failures = 0 },
  keep     = 1,
  cooldown = "15m",

  step "look" {
    timeout = "1m",
    uses = {
      ["net.dns"] = {
        name = equals("inputs.name"), type = equals("A"), server = equals("inputs.resolver"),
      },
    },
    run = asked,
  },

  step "elsewhere" {
    needs   = { "look" },
    timeout = "1m",
    uses = {
      ["net.dns"] = {
        name = equals("inputs.name"), type = equals("A"), server = equals("inputs.spare"),
      },
    },
    when = function(ctx)
      return ctx.here.look.good == 0
    end,
    run = function(ctx)
      local reply, text = net.dns {
        name = ctx.inputs.name, type = "A", server = ctx.inputs.spare, timeout_ms = 3000,
      }
      return reply and reply.rcode or text
    end,
    verify = function(ctx, answer)
      return answer == "noerror",
        string.format("%s does not resolve %s either: %s", ctx.inputs.spare, ctx.inputs.name, answer)
    end,
  },

  step "restart" {
    needs   = { "look", "elsewhere" },
    timeout = "3m",
    uses = {
      ["service.restart"] = { service = equals("inputs.service") },
      ["net.dns"] = {
        name = equals("inputs.name"), type = equals("A"), server = equals("inputs.resolver"),
      },
      ["host.cpu"] = { seconds = equals(5) },
    },

    when = function(ctx)
      return ctx.here.look.good == 0
    end,

    run = function(ctx)
      return service.restart { service = ctx.inputs.service }
    end,

    -- A resolver may take a moment from its start to its first answer.
    verify = function(ctx)
      local now, text, code
      for look = 1, 3 do
        now, text, code = asked(ctx)
        if not now then
          return nil, text, code
        elseif now.good == LOOKS then
          return true
        elseif look < 3 then
          local paused, text, code = host.cpu { seconds = 5 }
          if not paused then
            return nil, text, code
          end
        end
      end
      return false, string.format("%d of %d questions were answered; the last: %s", now.good, LOOKS, now.last)
    end,
  },
}
