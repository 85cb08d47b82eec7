-- SPDX-License-Identifier: Apache-2.0
-- A PostgreSQL replica receives nothing: restarts it once a person agrees, where its primary is there and its disk has room.

local SILENT_MS = 60000 -- a primary says something every half a minute at least, where nobody told it otherwise

-- Whether it receives; of a server that is no replica there is nothing to say.
local function receives(ctx)
  local told, text, code = postgres.replication { database = ctx.inputs.database }
  if not told then
    return nil, text, code
  elseif told.role ~= "replica" then
    return nil, "the server follows no primary: it is one"
  end
  local receiver = told.receiver
  if receiver and receiver.status == "" then
    return nil, "the role may not see whether it receives: it is not of pg_monitor"
  end
  return { yes = receiver ~= nil and receiver.status == "streaming" and (receiver.silent_ms or 0) < SILENT_MS }
end

-- The same, twice where it does not: who is turned away for a moment tries again by itself.
local function receives_by_now(ctx)
  local now, text, code = receives(ctx)
  if not now or now.yes then
    return now, text, code
  end
  local paused, text, code = host.cpu { seconds = ctx.inputs.pause }
  if not paused then
    return nil, text, code
  end
  return receives(ctx)
end

return playbook {
  name    = "replication-broken",
  summary = "Restart a PostgreSQL replica that receives nothing, once a person agrees",

  inputs = {
    unit = input.string {
      default = "postgresql@15-main.service", pattern = "[a-zA-Z0-9@:_.-]+", help = "the replica's server, as systemd calls it",
    },
    database = input.name    { default = "main", help = "the replica's server, as a database line of the machine's policy calls it" },
    primary  = input.address { help = "the primary" },
    port     = input.integer { default = 5432, range = { 1, 65535 }, help = "of the primary" },
    data     = input.path    { default = "/var/lib/postgresql", help = "where the replica keeps its data" },
    pause    = input.integer { default = 10, range = { 1, 30 }, help = "seconds between two looks" },
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
      ["postgres.replication"] = { database = equals("inputs.database") },
      ["net.tcp"]              = { address = equals("inputs.primary"), port = equals("inputs.port") },
      ["disk.usage"]           = { path = equals("inputs.data") },
      ["host.cpu"]             = { seconds = equals("inputs.pause") },
    },
    run = function(ctx)
      local now, text, code = receives_by_now(ctx)
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
      ["unit.restart"]         = { unit = equals("inputs.unit") },
      ["postgres.replication"] = { database = equals("inputs.database") },
      ["host.cpu"]             = { seconds = equals("inputs.pause") },
    },

    -- A person took a while.
    run = function(ctx)
      local now, text, code = receives(ctx)
      if not now then
        return nil, text, code
      elseif now.yes then
        return nil, "it receives again by itself: nothing is restarted"
      end
      return unit.restart { unit = ctx.inputs.unit }
    end,

    -- Just started it may not answer yet.
    verify = function(ctx)
      local why
      for _ = 1, 6 do
        local now, text, code = receives(ctx)
        if now and now.yes then
          return true
        elseif not now and code ~= "unreachable" and code ~= "denied" then
          return nil, text, code
        end
        why = text or "it receives nothing still: its log says why; it may have to be made anew"
        local busy, text, code = host.cpu { seconds = ctx.inputs.pause }
        if not busy then
          return nil, text, code
        end
      end
      return false, why
    end,
  },
}
