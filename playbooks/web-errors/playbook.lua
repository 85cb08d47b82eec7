-- SPDX-License-Identifier: Apache-2.0
-- Takes a web server that answers with errors out of its balancer, and sees that the balancer answers well then.

local LOOKS = 3 -- a pause apart

-- How many of three answers were good.
local function good_answers(ctx, url)
  local good, last = 0, 0
  for look = 1, LOOKS do
    local answer, text, code = http.probe { url = url, timeout_ms = 5000 }
    if not answer then
      return nil, text, code
    end
    last = answer.status
    good = good + (last > 0 and last < 500 and 1 or 0)
    if look < LOOKS then
      local paused, text, code = host.cpu { seconds = ctx.inputs.pause }
      if not paused then
        return nil, text, code
      end
    end
  end
  return { good = good, status = last }
end

-- Has one of the policy's commands tell the balancer about the server.
local function tell_balancer(name, ctx)
  local done, text, code = site.run {
    command = name, with = string.format("server=%s port=%d", ctx.inputs.server, ctx.inputs.port),
  }
  if not done then
    return nil, text, code
  elseif done.status ~= 0 then
    return nil, string.format("%s ended with status %d: %s", name, done.status, done.output)
  end
  return done
end

return playbook {
  name    = "web-errors",
  summary = "Take a web server that answers with errors out of its balancer",

  inputs = {
    server = input.address { from = "labels.server", help = "the web server behind the balancer" },
    port   = input.integer { default = 80, range = { 1, 65535 }, help = "where it answers" },
    pause  = input.integer { default = 10, range = { 1, 30 }, help = "seconds between two looks" },
    direct = input.string {
      pattern = "https?://[0-9A-Za-z.:/_-]+", help = "a page of that server itself, asked from the balancer",
    },
    front  = input.string {
      pattern = "https?://[0-9A-Za-z.:/_-]+", help = "the same page, through the balancer",
    },
  },

  triggers = {
    on.alert {
      name = {
        "WebServerErrors", "HighHttp5xxRate", "HaproxyHighHttp5xxErrorRateBackend", "NginxHighHttp5xxErrorRate",
        "BlackboxProbeHttpFailure",
      },
    },
  },
  rollout  = { first = 1, grow = 1, soak = "1m", max_failures = 0 },
  at_most  = 2,
  cooldown = "15m",

  step "look" {
    timeout = "4m",
    uses = {
      ["net.tcp"]    = { address = equals("inputs.server"), port = equals("inputs.port") },
      ["http.probe"] = { url = equals("inputs.direct") },
      ["host.cpu"]   = { seconds = equals("inputs.pause") },
    },
    run = function(ctx)
      local reached, text, code = net.tcp { address = ctx.inputs.server, port = ctx.inputs.port, timeout_ms = 3000 }
      if not reached then
        return nil, text, code
      end
      local seen, text, code = good_answers(ctx, ctx.inputs.direct)
      if not seen then
        return nil, text, code
      end
      seen.reached = reached.connected
      return seen
    end,
  },

  step "drain" {
    needs   = { "look" },
    timeout = "12m",
    uses = {
      ["site.run"]   = { command = one_of { "drain-server", "undrain-server" } },
      ["http.probe"] = { url = equals("inputs.front") },
      ["host.cpu"]   = { seconds = equals("inputs.pause") },
    },

    when = function(ctx)
      return ctx.here.look.good == 0
    end,

    run = function(ctx)
      return tell_balancer("drain-server", ctx)
    end,

    verify = function(ctx)
      local paused, text, code = host.cpu { seconds = ctx.inputs.pause } -- a balancer that reads anew takes a moment
      if not paused then
        return nil, text, code
      end
      local now, text, code = good_answers(ctx, ctx.inputs.front)
      if not now then
        return nil, text, code
      end
      return now.good == LOOKS,
        string.format("through the balancer %d of %d answers are good, the last with status %d", now.good, LOOKS, now.status)
    end,

    undo = function(ctx)
      return tell_balancer("undrain-server", ctx)
    end,
  },

  step "page" {
    needs  = { "look", "drain" },
    notify = "on-call",
    when   = function(ctx)
      return ctx.here.look.good == 0
    end,
    run = function(ctx)
      return string.format("%s is out of the balancer %s: it answered three times with an error, the last with status %d; mend it, then put it back",
        ctx.inputs.server, ctx.target.worker, ctx.here.look.status)
    end,
  },
}
