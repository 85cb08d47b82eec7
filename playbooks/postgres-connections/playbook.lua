-- SPDX-License-Identifier: Apache-2.0
-- Ends connections to PostgreSQL that hold a transaction open and do nothing, so that others may connect.

local LOOKS = 3 -- a pause apart: a session that was idle and took no time at each of them is forgotten

-- The backends that wait in a transaction, by id; at most 200 are looked at, those with most memory first.
local function idle()
  local list, text, code = process.list { name = "postgres" }
  if not list then
    return nil, text, code
  end
  local backends = list.processes
  local found = { backends = #backends + list.left_out, idle = {} }
  for index = 1, math.min(#backends, 200) do
    if backends[index].command:find("idle in transaction", 1, true) then
      local view = process.view { pid = backends[index].pid } -- one that ended meanwhile waits no more
      if view then
        found.idle[view.id] = { cpu_ms = view.cpu_ms, command = backends[index].command }
      end
    end
  end
  return found
end

return playbook {
  name    = "postgres-connections",
  summary = "End PostgreSQL connections that hold a transaction open and do nothing",

  inputs = {
    least = input.integer {
      default = 3, range = { 1, 100 }, help = "fewer forgotten transactions are left alone",
    },
    pause = input.integer { default = 20, range = { 1, 30 }, help = "seconds between two looks" },
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
    timeout = "4m",
    uses = {
      ["process.list"] = { name = equals("postgres") },
      ["process.view"] = { pid = from(2) },
      ["host.cpu"]     = { seconds = equals("inputs.pause") },
    },
    run = function(ctx)
      local first, text, code = idle()
      if not first then
        return nil, text, code
      end
      for _ = 2, LOOKS do
        local paused, text, code = host.cpu { seconds = ctx.inputs.pause }
        if not paused then
          return nil, text, code
        end
        local now, text, code = idle()
        if not now then
          return nil, text, code
        end
        for id, was in pairs(first.idle) do
          if not now.idle[id] or now.idle[id].cpu_ms ~= was.cpu_ms then
            first.idle[id] = nil
          end
        end
      end
      local seen = { backends = first.backends, forgotten = {} }
      for id, one in pairs(first.idle) do
        seen.forgotten[#seen.forgotten + 1] = { process = id, command = one.command }
      end
      return seen
    end,
  },

  step "page" {
    needs  = { "look" },
    notify = "on-call",
    when   = function(ctx)
      return #ctx.here.look.forgotten < ctx.inputs.least
    end,
    run = function(ctx)
      return string.format("%d connections to PostgreSQL on %s, of which only %d are forgotten: its clients need a pool, or it more slots",
        ctx.here.look.backends, ctx.target.worker, #ctx.here.look.forgotten)
    end,
  },

  step "end" {
    needs   = { "look" },
    timeout = "4m",
    uses = {
      ["process.signal"] = { name = equals("postgres"), signal = equals("TERM") },
      ["process.list"]   = { name = equals("postgres") },
      ["process.view"]   = { pid = from(2) },
    },

    when = function(ctx)
      return #ctx.here.look.forgotten >= ctx.inputs.least
    end,

    run = function(ctx)
      local ended = 0
      for index = 1, math.min(#ctx.here.look.forgotten, 20) do
        local one = ctx.here.look.forgotten[index]
        say(one.command)
        local done, text, code = process.signal {
          process = one.process, name = "postgres", signal = "TERM", wait_ms = 5000,
        }
        if not done then
          return nil, text, code
        end
        ended = ended + 1
      end
      return { ended = ended }
    end,

    verify = function(ctx, report)
      local now, text, code = idle()
      if not now then
        return nil, text, code
      end
      local left = 0
      for index = 1, report.ended do
        left = left + (now.idle[ctx.here.look.forgotten[index].process] and 1 or 0)
      end
      return left == 0, string.format("%d of %d forgotten connections are open still", left, report.ended)
    end,
  },
}
