-- SPDX-License-Identifier: Apache-2.0
-- Ends sessions of PostgreSQL that hold a transaction open and do nothing, so that others may connect.

local MOST = 20 -- are ended at once, the oldest transactions first

local function forgotten(ctx)
  return postgres.sessions { database = ctx.inputs.database, state = "in-transaction", longer_than_s = ctx.inputs.idle }
end

local function place_of(client)
  return client ~= "" and client or "the socket"
end

local function id_of(session)
  return string.format("%d of %d", session.pid, session.started)
end

return playbook {
  name    = "postgres-connections",
  summary = "End PostgreSQL sessions that hold a transaction open and do nothing",

  inputs = {
    database = input.name    { default = "main", help = "the server, as a database line of the machine's policy calls it" },
    idle     = input.integer { default = 300, range = { 1, 604800 }, help = "seconds in a transaction without a word: then it is forgotten" },
    least    = input.integer { default = 3, range = { 1, 100 }, help = "fewer forgotten transactions are left alone" },
    full     = input.percent { default = 70, help = "of the connections: where fewer are taken nobody is ended" },
  },

  triggers = {
    on.alert {
      name = {
        "PostgresqlTooManyConnections", "PostgreSQLMaxConnectionsReached", "PostgresqlConnectionsExhausted",
        "PostgreSQL: Total number of connections is too high", -- Zabbix
      },
    },
  },
  rollout  = { first = 1, grow = 1, soak = "1m", max_failures = 0 },
  cooldown = "10m",

  step "look" {
    timeout = "1m",
    uses = {
      ["postgres.sessions"] = {
        database = equals("inputs.database"), state = equals("in-transaction"), longer_than_s = equals("inputs.idle"),
      },
    },
    run = function(ctx)
      local told, text, code = forgotten(ctx)
      if not told then
        return nil, text, code
      end
      local first = told.clients[1] or { client = "nobody", user = "nobody", sessions = 0 } -- with most sessions
      local seen = {
        most = told.most, reserved = told.reserved, taken = 0, unseen = 0, forgotten = {},
        greatest = string.format("%s from %s has %d", first.user, place_of(first.client), first.sessions),
      }
      for _, one in ipairs(told.states) do
        seen.taken  = seen.taken + one.sessions
        seen.unseen = seen.unseen + (one.state == "" and one.sessions or 0)
      end
      for _, one in ipairs(told.sessions) do
        if one.started then -- else the role may not see it
          seen.forgotten[#seen.forgotten + 1] = {
            pid = one.pid, started = one.started, user = one.user, client = one.client, query = one.query,
          }
        end
      end
      return seen
    end,
    -- Who is forgotten keeps nobody out where there is room.
    verify = function(ctx, seen)
      return seen.taken * 100 >= seen.most * ctx.inputs.full,
        string.format("only %d of %d connections are taken: nobody is kept out", seen.taken, seen.most)
    end,
  },

  step "page" {
    needs  = { "look" },
    notify = "on-call",
    when   = function(ctx)
      return #ctx.here.look.forgotten < ctx.inputs.least
    end,
    run = function(ctx)
      local seen = ctx.here.look
      local unseen = seen.unseen > 0 and string.format(" as far as its role sees, which may not see %d: it is not of pg_monitor", seen.unseen)
      return string.format("%d of %d connections to PostgreSQL on %s are taken, of which only %d are forgotten%s; %s: its clients need a pool, or it more slots",
        seen.taken, seen.most, ctx.target.worker, #seen.forgotten, unseen or "", seen.greatest)
    end,
  },

  step "end" {
    needs   = { "look" },
    timeout = "4m",
    uses = {
      ["postgres.end_session"] = {
        database = equals("inputs.database"), idle_s = equals("inputs.idle"), pid = from(2), started = from(0),
      },
      ["postgres.sessions"] = {
        database = equals("inputs.database"), state = equals("in-transaction"), longer_than_s = equals("inputs.idle"),
      },
    },

    when = function(ctx)
      return #ctx.here.look.forgotten >= ctx.inputs.least
    end,

    run = function(ctx)
      local ended, awake = 0, 0
      for index = 1, math.min(#ctx.here.look.forgotten, MOST) do
        local one = ctx.here.look.forgotten[index]
        say(string.format("%s of %s, from %s: %s", id_of(one), one.user, place_of(one.client), one.query))
        local done, text, code = postgres.end_session {
          database = ctx.inputs.database, pid = one.pid, started = one.started, idle_s = ctx.inputs.idle,
        }
        if done then
          ended = ended + (done.ended and 1 or 0)
        elseif code == "conflict" then
          awake = awake + 1 -- it does something by now
        else
          return nil, text, code
        end
      end
      return { ended = ended, awake = awake }
    end,

    verify = function(ctx)
      local now, text, code = forgotten(ctx)
      if not now then
        return nil, text, code
      end
      local is_open, left, tried = {}, 0, math.min(#ctx.here.look.forgotten, MOST)
      for _, one in ipairs(now.sessions) do
        is_open[id_of { pid = one.pid, started = one.started or 0 }] = true
      end
      for index = 1, tried do
        left = left + (is_open[id_of(ctx.here.look.forgotten[index])] and 1 or 0)
      end
      return left == 0, string.format("%d of %d forgotten sessions are open still", left, tried)
    end,
  },
}
