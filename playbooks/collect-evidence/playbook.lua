-- SPDX-License-Identifier: Apache-2.0
-- Keeps what a machine forgets first: its processes, sockets, sessions, links and routes, then files and their hashes.

-- The first so many of a list; a receipt's output has its bounds.
local function first(list, count)
  local some = {}
  for index = 1, math.min(#list, count) do
    some[index] = list[index]
  end
  return some
end

return playbook {
  name    = "collect-evidence",
  summary = "Keep what a machine forgets first, before anything is changed there",

  inputs = {
    folder = input.path { default = "/tmp", help = "what was put there lately is listed and hashed" },
  },

  triggers = { on.alert { name = { "CollectEvidence", "IntrusionSuspected" } } },
  rollout  = { first = 1, grow = 4, soak = "10s", max_failures = 1 },
  cooldown = "10m",

  step "processes" {
    timeout = "1m",
    uses    = { ["process.tree"] = { pid = equals(1) }, ["process.files"] = { deleted = equals(true) } },
    run = function()
      local tree, text, code = process.tree { pid = 1 }
      if not tree then
        return nil, text, code
      end
      local opened, text, code = process.files { deleted = true }
      if not opened then
        return nil, text, code
      end
      return { processes = first(tree.processes, 300), deleted = first(opened.files, 100) }
    end,
  },

  step "network" {
    needs   = { "processes" },
    timeout = "2m",
    uses = {
      ["conntrack.count"] = { top = equals(50) },
      ["link.list"]       = {},
      ["route.list"]      = {},
    },
    run = function()
      local tracked, text, code = conntrack.count { top = 50 }
      if not tracked then
        return nil, text, code
      end
      local links, text, code = link.list {}
      if not links then
        return nil, text, code
      end
      local routes, text, code = route.list {}
      if not routes then
        return nil, text, code
      end
      return {
        tracked = tracked, links = first(links.links, 50), routes = first(routes.routes, 100),
      }
    end,
  },

  step "people" {
    needs   = { "network" },
    timeout = "2m",
    uses = {
      ["user.sessions"] = {},
      ["user.failures"] = { count = equals(50) },
      ["user.list"]     = {},
      ["cron.list"]     = {},
    },
    run = function()
      local sessions, text, code = user.sessions {}
      if not sessions then
        return nil, text, code
      end
      local failed, text, code = user.failures { count = 50 }
      if not failed then
        return nil, text, code
      end
      local all, text, code = user.list {}
      if not all then
        return nil, text, code
      end
      local tables, text, code = cron.list {}
      if not tables then
        return nil, text, code
      end
      return {
        sessions = first(sessions.sessions, 100), failures = failed.failures,
        users = first(all.users, 100), jobs = first(tables.jobs, 100),
      }
    end,
  },

  step "files" {
    needs   = { "people" },
    timeout = "10m",
    uses = {
      ["host.uptime"] = {},
      ["disk.mounts"] = {},
      ["file.find"]   = { path = equals("inputs.folder"), kind = equals("file"), count = to(50) },
      ["file.hash"]   = { path = under("inputs.folder") },
    },
    run = function(ctx)
      local up, text, code = host.uptime {}
      if not up then
        return nil, text, code
      end
      local mounted, text, code = disk.mounts {}
      if not mounted then
        return nil, text, code
      end
      local found, text, code = file.find {
        path = ctx.inputs.folder, kind = "file", count = 50,
        newer_than = up.since + up.uptime_ms - 7 * 24 * 3600000,
      }
      if not found then
        return nil, text, code
      end
      for _, one in ipairs(found.files) do
        local sum, text = file.hash { path = one.path }
        one.sha256 = sum and sum.sha256 or text -- one that is gone, or too large, says so
      end
      return { boot = up.boot, kernel = up.kernel, mounts = first(mounted.mounts, 50), files = found.files }
    end,
  },
}
