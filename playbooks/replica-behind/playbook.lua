-- SPDX-License-Identifier: Apache-2.0
-- A PostgreSQL replica receives and does not replay, because of a query on it: cancels the longest ones, until it replays.

local MOST = 3 -- queries

local function place_of(ctx)
  local told, text, code = postgres.replication { database = ctx.inputs.database }
  if not told then
    return nil, text, code
  elseif told.role ~= "replica" then
    return nil, "the server follows no primary: it is one"
  elseif told.receiver and told.receiver.status == "" then
    return nil, "the role may not see whether it receives: it is not of pg_monitor"
  end
  return {
    streams = told.receiver ~= nil and told.receiver.status == "streaming", paused = told.replay_paused,
    behind = told.unreplayed_bytes or 0, replayed = told.replayed_bytes,
  }
end

-- Two looks, a pause apart. It is stuck where it replayed no byte in between, and is far behind: amid a long transaction of the
-- primary's nothing is committed for a while, and is replayed all the same.
local function look_twice(ctx)
  local first, text, code = place_of(ctx)
  if not first or first.behind < ctx.inputs.bytes then
    return first, text, code
  end
  local paused, text, code = host.cpu { seconds = ctx.inputs.pause }
  if not paused then
    return nil, text, code
  end
  local now, text, code = place_of(ctx)
  if now then
    now.stuck = now.behind >= ctx.inputs.bytes and now.replayed == first.replayed
  end
  return now, text, code
end

return playbook {
  name    = "replica-behind",
  summary = "Cancel the queries that keep a PostgreSQL replica from replaying what it receives",

  inputs = {
    database = input.name    { default = "main", help = "the replica's server, as a database line of the machine's policy calls it" },
    bytes    = input.integer { default = 67108864, range = { 1, 1099511627776 }, help = "received and not replayed: less is no reason" },
    running  = input.integer { default = 300, range = { 1, 604800 }, help = "seconds: younger queries are left alone" },
    pause    = input.integer { default = 10, range = { 1, 30 }, help = "seconds between two looks" },
  },

  triggers = { on.alert { name = { "PostgresqlReplicationLagBytes", "PGReplicationByteLag" } } },
  rollout  = { first = 1, grow = 1, soak = "1m", max_failures = 0 },
  cooldown = "15m",

  step "look" {
    timeout = "2m",
    uses = {
      ["postgres.replication"] = { database = equals("inputs.database") },
      ["postgres.sessions"]    = {
        database = equals("inputs.database"), state = equals("active"), longer_than_s = equals("inputs.running"),
      },
      ["host.cpu"] = { seconds = equals("inputs.pause") },
    },
    run = function(ctx)
      local seen, text, code = look_twice(ctx)
      if not seen then
        return nil, text, code
      end
      local told, text, code = postgres.sessions {
        database = ctx.inputs.database, state = "active", longer_than_s = ctx.inputs.running,
      }
      if not told then
        return nil, text, code
      end
      seen.queries = {}
      for _, one in ipairs(told.sessions) do -- the oldest transactions first
        if one.started and one.query_started and #seen.queries < MOST then
          seen.queries[#seen.queries + 1] = {
            pid = one.pid, started = one.started, query_started = one.query_started, user = one.user, query = one.query,
          }
        end
      end
      return seen
    end,
    verify = function(ctx, seen)
      if seen.paused then
        return false, "its replay is paused: somebody asked for that"
      elseif not seen.streams then
        return false, "it receives nothing: replication-broken is for that"
      elseif not seen.stuck then
        return false, string.format("it replays: %d bytes are left", seen.behind)
      end
      return #seen.queries > 0, string.format("it replays nothing, and no query has run for %d s", ctx.inputs.running)
    end,
  },

  step "cancel" {
    needs   = { "look" },
    timeout = "4m",
    uses = {
      ["postgres.cancel"] = {
        database = equals("inputs.database"), running_s = equals("inputs.running"),
        pid = from(2), started = from(0), query_started = from(0),
      },
      ["postgres.replication"] = { database = equals("inputs.database") },
      ["host.cpu"]             = { seconds = equals("inputs.pause") },
    },

    run = function(ctx)
      local cancelled = 0
      for _, one in ipairs(ctx.here.look.queries) do
        say(string.format("%d of %s: %s", one.pid, one.user, one.query))
        local done, text, code = postgres.cancel {
          database = ctx.inputs.database, pid = one.pid, started = one.started, query_started = one.query_started,
          running_s = ctx.inputs.running,
        }
        if not done then
          return nil, text, code
        end
        cancelled = cancelled + (done.cancelled and 1 or 0)
        local now, text, code = look_twice(ctx)
        if not now then
          return nil, text, code
        elseif now.paused then
          return nil, string.format("its replay was paused meanwhile; %d queries were cancelled", cancelled)
        elseif not now.stuck then
          return { cancelled = cancelled, behind = now.behind }
        end
      end
      return { cancelled = cancelled }
    end,

    verify = function(ctx, report)
      return report.behind ~= nil, string.format("%d queries were cancelled, and it replays nothing still", report.cancelled)
    end,
  },
}
