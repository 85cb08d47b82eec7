-- SPDX-License-Identifier: Apache-2.0
-- Tells people which processes wait for a disk or a server that does not answer. Changes nothing.

local LOOKS = 3 -- some seconds apart: what waits at each of them hangs

-- The processes of that name that nothing can interrupt, by id; at most 30 are looked at, those with most memory first.
local function stuck(ctx)
  local list, text, code = process.list { name = ctx.inputs.process }
  if not list then
    return nil, text, code
  end
  local found = {}
  for index = 1, math.min(#list.processes, 30) do
    local view, text, code = process.view { pid = list.processes[index].pid } -- one that ended meanwhile does not hang
    if not view and code ~= "not-found" then
      return nil, text, code
    elseif view and view.state:sub(1, 1) == "D" then
      found[view.id] = view
    end
  end
  return found
end

return playbook {
  name    = "hung-tasks",
  summary = "Tell people which processes hang, and on what",

  inputs = {
    process = input.name { from = "labels.process", help = "what those that hang call themselves" },
  },

  triggers = { on.alert { name = { "HungTask", "KernelHungTask", "NodeProcessesBlocked" } } },
  rollout  = { first = 1, grow = 4, soak = "10s", max_failures = 1 },
  cooldown = "30m",

  step "look" {
    timeout = "5m",
    uses = {
      ["process.list"] = { name = equals("inputs.process") },
      ["process.view"] = { pid = from(2) },
      ["disk.io"]      = { seconds = equals(5) },
      ["disk.mounts"]  = {},
    },
    run = function(ctx)
      local hung, drives
      for look = 1, LOOKS do
        local now, text, code = stuck(ctx)
        if not now then
          return nil, text, code
        end
        for id in pairs(now) do
          if hung and not hung[id] then
            now[id] = nil
          end
        end
        hung = now
        if look < LOOKS then
          drives, text, code = disk.io { seconds = 5 }
          if not drives then
            return nil, text, code
          end
        end
      end
      local mounted, text, code = disk.mounts {}
      if not mounted then
        return nil, text, code
      end
      local seen = { hung = {}, busy = {}, remote = {} }
      for _, view in pairs(hung) do
        seen.hung[#seen.hung + 1] = { pid = view.pid, user = view.user, command = view.command, started = view.started }
      end
      for _, drive in ipairs(drives.drives) do
        if drive.busy_percent > 95 then
          seen.busy[#seen.busy + 1] = drive.device
        end
      end
      for _, mount in ipairs(mounted.mounts) do
        if not mount.total_bytes then
          seen.remote[#seen.remote + 1] = mount.path -- over the network: it may not answer
        end
      end
      return seen
    end,
  },

  step "page" {
    needs  = { "look" },
    notify = "on-call",
    when   = function(ctx)
      return #ctx.here.look.hung > 0
    end,
    run = function(ctx)
      local seen = ctx.here.look
      local function list_of(names)
        return #names > 0 and table.concat(names, ", ") or "none"
      end
      return string.format("%d processes '%s' hang on %s; drives that are busy all the time: %s; mounted over the network: %s. No signal ends them: mend what they wait for, or reboot",
        #seen.hung, ctx.inputs.process, ctx.target.worker, list_of(seen.busy), list_of(seen.remote))
    end,
  },
}
