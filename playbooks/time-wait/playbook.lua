-- SPDX-License-Identifier: Apache-2.0
-- Lets a machine that has too many closed connections in TIME_WAIT use their ports, and more ports, for new ones.

local REUSE, PORTS = "net.ipv4.tcp_tw_reuse", "net.ipv4.ip_local_port_range"

-- Sets a parameter unless it is so already; what it was is in look.
local function set(key, value, was)
  if was == value then
    return { key = key, value = value }
  end
  return sysctl.set { key = key, value = value, was = was }
end

local function width(range)
  local first, last = range:match("^(%d+) (%d+)$")
  return (tonumber(last) or 0) - (tonumber(first) or 0)
end

-- The wider of what there is and what was asked for: more ports are wanted, not fewer.
local function wanted(ctx)
  local now = ctx.here.look.ports
  return width(now) < width(ctx.inputs.ports) and ctx.inputs.ports or now
end

return playbook {
  name    = "time-wait",
  summary = "Let new connections use the ports of those that are closed, where ports run out",

  inputs = {
    least = input.integer {
      default = 20000, range = { 100, 1000000 }, help = "fewer in TIME_WAIT are left alone",
    },
    pause = input.integer { default = 10, range = { 1, 30 }, help = "seconds between two counts" },
    ports = input.string {
      default = "10240 65535", pattern = "[0-9]+ [0-9]+", help = "from which new ones take theirs",
    },
  },

  triggers = { on.alert { name = { "TcpTimeWaitExhaustion", "NodeTcpTimeWaitHigh", "EphemeralPortsExhausted" } } },
  rollout  = { first = 1, grow = 2, soak = "1m", max_failures = 0 },
  cooldown = "1h",

  step "look" {
    timeout = "2m",
    uses = {
      ["socket.summary"] = {},
      ["host.sysctl"]    = { key = one_of { "net.ipv4.tcp_tw_reuse", "net.ipv4.ip_local_port_range" } },
      ["host.cpu"]       = { seconds = equals("inputs.pause") },
    },
    run = function(ctx)
      local first, text, code = socket.summary {}
      if not first then
        return nil, text, code
      end
      local paused, text, code = host.cpu { seconds = ctx.inputs.pause }
      if not paused then
        return nil, text, code
      end
      local second, text, code = socket.summary {}
      if not second then
        return nil, text, code
      end
      local reuse, text, code = host.sysctl { key = REUSE }
      if not reuse then
        return nil, text, code
      end
      local ports, text, code = host.sysctl { key = PORTS }
      if not ports then
        return nil, text, code
      end
      return {
        time_wait = math.min(first.tcp_states.time_wait, second.tcp_states.time_wait),
        reuse = reuse.value, ports = ports.value,
      }
    end,
  },

  step "set" {
    needs   = { "look" },
    timeout = "2m",
    uses = {
      ["sysctl.set"]  = { key = one_of { "net.ipv4.tcp_tw_reuse", "net.ipv4.ip_local_port_range" } },
      ["host.sysctl"] = { key = one_of { "net.ipv4.tcp_tw_reuse", "net.ipv4.ip_local_port_range" } },
    },

    when = function(ctx)
      return ctx.here.look.time_wait >= ctx.inputs.least
    end,

    run = function(ctx)
      local reuse, text, code = set(REUSE, "1", ctx.here.look.reuse)
      if not reuse then
        return nil, text, code
      end
      return set(PORTS, wanted(ctx), ctx.here.look.ports)
    end,

    verify = function(ctx)
      for key, value in pairs { [REUSE] = "1", [PORTS] = wanted(ctx) } do
        local now, text, code = host.sysctl { key = key }
        if not now then
          return nil, text, code
        elseif now.value ~= value then
          return false, string.format("%s is %s still", key, now.value)
        end
      end
      return true
    end,

    undo = function(ctx)
      if wanted(ctx) ~= ctx.here.look.ports then
        local ports, text, code = sysctl.set { key = PORTS, value = ctx.here.look.ports }
        if not ports then
          return nil, text, code
        end
      end
      return sysctl.set { key = REUSE, value = ctx.here.look.reuse }
    end,
  },
}
