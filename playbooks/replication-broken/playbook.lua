-- SPDX-License-Identifier: Apache-2.0
-- A PostgreSQL replica receives nothing: restarts it once a person agrees, where its primary is there and its disk has room.

-- The server's process that receives, or tries to; its pid is nil where there is none.
local function receiver(ctx)
  local list, text, code = process.list { name = ctx.inputs.process }
  if not list then
    return nil, text, code
  end
  for _, one in ipairs(list.processes) do
    if one.command:find("walreceiver", 1, true) then
      return { pid = one.pid, streams = one.command:find("walreceiver streaming", 1, true) ~= nil }
    end
  end
  if list.left_out > 0 then
    return nil, "the server has more processes than can be looked at, and those that were do not receive"
  end
  return {}
end

-- Whether it receives: of a quiet primary no process says so, but one that is turned away does not live for long.
local function receives(ctx)
  local now, text, code = receiver(ctx)
  if not now then
    return nil, text, code
  elseif now.streams or not now.pid then
    return { yes = now.streams or false }
  end
  local paused, text, code = host.cpu { seconds = ctx.inputs.pause }
  if not paused then
    return nil, text, code
  end
  local later, text, code = receiver(ctx)
  if not later then
    return nil, text, code
  end
  return { yes = later.pid == now.pid }
end

return playbook {
  name    = "replication-broken",
  summary = "Restart a PostgreSQL replica that receives nothing, once a person agrees",

  inputs = {
    unit = input.string {
      default = "postgresql@15-main.service", pattern = "[a-zA-Z0-9@:_.-]+", help = "the replica's server, as systemd calls it",
    },
    process = input.name    { default = "postgres", help = "what its processes call themselves" },
    primary = input.address { help = "the primary" },
    port    = input.integer { default = 5432, range = { 1, 65535 }, help = "of the primary" },
    data    = input.path    { default = "/var/lib/postgresql", help = "where the replica keeps its data" },
    pause   = input.integer { default = 10, range = { 1, 30 }, help = "seconds between two looks" },
  },

  triggers = {
    on.alert { name = { "PostgresqlReplicationLag", "PostgresqlReplicationStopped", "PostgreSQLReplicationLag" } },
  },
  rollout  = { first = 1, grow = 1, soak = "2m", max_failures = 0 },
  at_most  = 5,
  keep     = 1,
  cooldown = "30m",

  step "look" {
    timeout = "2m",
    uses = {
      ["process.list"] = { name = equals("inputs.process") },
      ["net.tcp"]      = { address = equals("inputs.primary"), port = equals("inputs.port") },
      ["disk.usage"]   = { path = equals("inputs.data") },
      ["host.cpu"]     = { seconds = equals("inputs.pause") },
    },
    run = function(ctx)
      local now, text, code = receives(ctx)
      if not now then
        return nil, text, code
      end
      local primary, text, code = net.tcp {
        address = ctx.inputs.primary, port = ctx.inputs.port, timeout_ms = 3000,
      }
      if not primary then
        return nil, text, code
      end
      local usage, text, code = disk.usage { path = ctx.inputs.data }
      if not usage then
        return nil, text, code
      end
      return { receives = now.yes, primary = primary.connected, used_percent = usage.used_percent }
    end,
    -- Nobody is asked for a restart that cannot help.
    verify = function(ctx, seen)
      if seen.receives then
        return false, "it receives from its primary: a lag is for who knows its queries"
      elseif not seen.primary then
        return false, string.format("its primary does not answer on %s port %d", ctx.inputs.primary, ctx.inputs.port)
      end
      return seen.used_percent < 98, string.format("%d %% of its disk is used: make room first", seen.used_percent)
    end,
  },

  step "agree" {
    needs   = { "look" },
    approve = {
      role = "responder", text = "Restart the replica? It receives nothing, and its primary answers", expires = "1h",
    },
  },

  step "restart" {
    needs   = { "agree" },
    timeout = "8m",
    uses = {
      ["unit.restart"] = { unit = equals("inputs.unit") },
      ["process.list"] = { name = equals("inputs.process") },
      ["host.cpu"]     = { seconds = equals("inputs.pause") },
    },

    run = function(ctx)
      return unit.restart { unit = ctx.inputs.unit }
    end,

    verify = function(ctx)
      for _ = 1, 6 do
        local now, text, code = receives(ctx)
        if not now then
          return nil, text, code
        elseif now.yes then
          return true
        end
        local busy, text, code = host.cpu { seconds = ctx.inputs.pause }
        if not busy then
          return nil, text, code
        end
      end
      return false, "it receives nothing still: its log says why; it may have to be made anew"
    end,
  },
}
