-- SPDX-License-Identifier: Apache-2.0
-- Somebody has this machine flood a victim: drops the forged questions and the answers for a while, and says who answers.

local SECONDS = 10

-- Questions that seem to come from the victim, and answers to it, within SECONDS.
local function heard(ctx)
  local counted, text, code = net.capture {
    link = ctx.inputs.link, seconds = SECONDS, packets = 100000, protocol = "udp",
    host = ctx.inputs.victim, port = ctx.inputs.port,
  }
  if not counted then
    return nil, text, code
  end
  local questions = 0
  for _, source in ipairs(counted.sources) do
    if source.address == ctx.inputs.victim then
      questions = source.packets
    end
  end
  return { questions = questions, answers = counted.packets - questions }
end

local function floods(ctx)
  return ctx.here.look.per_second >= ctx.inputs.per_second
end

-- Takes the block back: what was there before stands again, for what is left of it by the firewall's own clock. Without an output
-- nobody knows whether it was renewed: what stands no longer than before stays.
local function give_back(ctx)
  local source, seconds = ctx.inputs.victim, ctx.inputs.seconds
  local before = ctx.output and ctx.output.before_s or ctx.here.look.blocked_s
  if before >= seconds then
    return "it was blocked for longer already, and stays so until that expires"
  end
  local now, text, code = firewall.view { source = source }
  if not now and before == 0 then
    return firewall.unblock { source = source }
  elseif not now then
    return nil, text, code
  elseif now.expires_s > seconds then
    return "it was blocked anew meanwhile, for longer, and stays so"
  elseif before > 0 and not ctx.output and now.expires_s <= before then
    return "it was blocked before, and stays so until that expires"
  end
  local left = before - (seconds - now.expires_s)
  if before > 0 and left > 0 then
    return firewall.block { source = source, seconds = left }
  end
  return firewall.unblock { source = source }
end

return playbook {
  name    = "udp-amplification",
  summary = "Stop the answers of an open UDP service that flood a victim, for a while",

  inputs = {
    victim = input.ip      { from = "labels.victim", help = "whom the answers flood: the forged source" },
    port   = input.integer { default = 53, from = "labels.port", range = { 1, 65535 }, help = "of the open service" },
    link   = input.name    { default = "eth0", from = "labels.device", help = "over which they go" },
    per_second = input.integer {
      default = 50, range = { 1, 5000 }, help = "answers that are too many for one address",
    },
    seconds = input.integer { default = 3600, range = { 60, 86400 }, help = "how long the block holds" },
  },

  triggers = { on.alert { name = { "UdpAmplification", "DdosAmplifier", "OpenResolver", "OpenNtpServer" } } },
  rollout  = { first = 1, grow = 4, soak = "30s", max_failures = 0 },
  at_most  = 50,
  cooldown = "10m",

  step "look" {
    timeout = "2m",
    uses = {
      ["net.capture"] = {
        link = equals("inputs.link"), seconds = equals(10), packets = equals(100000),
        protocol = equals("udp"), host = equals("inputs.victim"), port = equals("inputs.port"),
      },
      ["process.sockets"] = { port = equals("inputs.port") },
      ["firewall.view"]   = { source = equals("inputs.victim") },
    },
    run = function(ctx)
      local block, text, code = firewall.view { source = ctx.inputs.victim }
      if not block then
        return nil, text, code
      end
      local first, text, code = heard(ctx)
      if not first then
        return nil, text, code
      end
      local second, text, code = heard(ctx)
      if not second then
        return nil, text, code
      end
      local open, text, code = process.sockets { port = ctx.inputs.port }
      if not open then
        return nil, text, code
      end
      local seen = {
        per_second = math.min(first.answers, second.answers) // SECONDS, answers_as = {}, blocked_s = block.expires_s,
      }
      for _, one in ipairs(open.sockets) do
        if one.protocol == "udp" then
          seen.answers_as[#seen.answers_as + 1] = string.format("%s on %s", one.name or one.user, one.address)
        end
      end
      return seen
    end,
  },

  step "page" {
    needs  = { "look" },
    notify = "on-call",
    when   = floods,
    run = function(ctx)
      local seen = ctx.here.look
      return string.format("%s floods %s with %d answers a second from UDP port %d (%s): have it answer its own networks only",
        ctx.target.worker, ctx.inputs.victim, seen.per_second, ctx.inputs.port,
        #seen.answers_as > 0 and table.concat(seen.answers_as, ", ") or "nobody listens there now")
    end,
  },

  step "block" {
    needs   = { "look", "page" },
    timeout = "2m",
    uses = {
      ["firewall.block"]   = { source = equals("inputs.victim"), seconds = { from(1), to("inputs.seconds") } },
      ["firewall.unblock"] = { source = equals("inputs.victim") },
      ["firewall.view"]    = { source = equals("inputs.victim") },
      ["net.capture"] = {
        link = equals("inputs.link"), seconds = equals(10), packets = equals(100000),
        protocol = equals("udp"), host = equals("inputs.victim"), port = equals("inputs.port"),
      },
    },

    when = floods,

    run = function(ctx)
      local before, text, code = firewall.view { source = ctx.inputs.victim }
      if not before then
        return nil, text, code
      elseif before.expires_s >= ctx.inputs.seconds then
        return { blocked = true, before_s = before.expires_s }
      end
      local done, text, code = firewall.block { source = ctx.inputs.victim, seconds = ctx.inputs.seconds }
      if not done then
        return nil, text, code
      end
      return { source = done.source, blocked = done.blocked, ["until"] = done["until"], before_s = before.expires_s }
    end,

    -- The forged questions arrive still; no answer may leave.
    verify = function(ctx)
      local now, text, code = heard(ctx)
      if not now then
        return nil, text, code
      end
      return now.answers == 0, string.format("%d answers went out within %d s still", now.answers, SECONDS)
    end,

    undo = give_back,
  },
}
