-- SPDX-License-Identifier: Apache-2.0
-- Turns SYN cookies on and limits how fast each source may open connections to a flooded port.

local KEY = "net.ipv4.tcp_syncookies"

local function half_open()
  local summary, text, code = socket.summary {}
  if not summary then
    return nil, text, code
  end
  return summary.tcp_states.syn_received
end

return playbook {
  name    = "syn-flood",
  summary = "Slow a flood of half-open connections to a port",

  inputs = {
    port       = input.integer { from = "labels.port", range = { 1, 65535 }, help = "the port that is flooded" },
    half_open  = input.integer { default = 200, range = { 1, 100000 }, help = "half-open connections that are too many" },
    per_second = input.integer { default = 20, range = { 1, 10000 }, help = "connections that a source may open" },
    pause      = input.integer { default = 10, range = { 1, 15 }, help = "seconds between two looks" },
    seconds    = input.integer { default = 1800, range = { 60, 86400 }, help = "how long the limit holds" },
  },

  triggers = { on.alert { name = { "SynFlood", "HostSynFlood", "TcpSynFlooding", "NodeTcpSynCookiesSent" } } },
  rollout  = { first = 1, grow = 4, soak = "30s", max_failures = 0 },
  cooldown = "10m",

  step "look" {
    timeout = "3m",
    uses = {
      ["socket.summary"] = {},
      ["host.cpu"]       = { seconds = equals("inputs.pause") },
      ["host.sysctl"]    = { key = equals("net.ipv4.tcp_syncookies") },
    },
    run = function(ctx)
      local first, text, code = half_open()
      if not first then
        return nil, text, code
      end
      local busy, text, code = host.cpu { seconds = ctx.inputs.pause }
      if not busy then
        return nil, text, code
      end
      local second, text, code = half_open()
      if not second then
        return nil, text, code
      end
      local cookies, text, code = host.sysctl { key = KEY }
      if not cookies then
        return nil, text, code
      end
      return { half_open = math.min(first, second), cookies = cookies.value }
    end,
  },

  step "cookies" {
    needs   = { "look" },
    timeout = "1m",
    uses = {
      ["sysctl.set"]  = { key = equals("net.ipv4.tcp_syncookies"), value = one_of { "0", "1", "2" } },
      ["host.sysctl"] = { key = equals("net.ipv4.tcp_syncookies") },
    },

    when = function(ctx)
      return ctx.here.look.half_open > ctx.inputs.half_open and ctx.here.look.cookies == "0"
    end,

    run = function(ctx)
      return sysctl.set { key = KEY, value = "1", was = ctx.here.look.cookies }
    end,

    verify = function()
      local now, text, code = host.sysctl { key = KEY }
      if not now then
        return nil, text, code
      end
      return now.value == "1", KEY .. " is " .. now.value
    end,

    undo = function(ctx)
      return sysctl.set { key = KEY, value = ctx.here.look.cookies }
    end,
  },

  step "limit" {
    needs   = { "look", "cookies" },
    timeout = "5m",
    uses = {
      ["firewall.limit"] = {
        port = equals("inputs.port"), per_second = equals("inputs.per_second"),
        seconds = equals("inputs.seconds"),
      },
      ["firewall.unlimit"] = { port = equals("inputs.port") },
      ["socket.summary"]   = {},
      ["host.cpu"]         = { seconds = equals("inputs.pause") },
    },

    when = function(ctx)
      return ctx.here.look.half_open > ctx.inputs.half_open
    end,

    run = function(ctx)
      return firewall.limit {
        port = ctx.inputs.port, per_second = ctx.inputs.per_second, seconds = ctx.inputs.seconds,
      }
    end,

    -- The kernel keeps what is half open for a minute.
    verify = function(ctx)
      local now
      for _ = 1, 8 do
        local busy, text, code = host.cpu { seconds = ctx.inputs.pause }
        if not busy then
          return nil, text, code
        end
        now, text, code = half_open()
        if not now then
          return nil, text, code
        elseif now <= math.max(ctx.inputs.half_open, ctx.here.look.half_open // 2) then
          return true
        end
      end
      return false, string.format("%d connections are half open still", now)
    end,

    undo = function(ctx)
      return firewall.unlimit { port = ctx.inputs.port }
    end,
  },
}
