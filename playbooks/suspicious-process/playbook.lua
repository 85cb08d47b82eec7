-- SPDX-License-Identifier: Apache-2.0
-- Freezes a process that runs a program it should not, keeps what is known of it, and ends it once a person agrees.

local TICK_MS = 5 -- the kernel counts starts in steps of 10 ms; what two looks make of one differs by less than this

-- The processes of that name which run that very program, the oldest first: what descends from another comes behind it. With
-- them, why one of that name could not be looked at.
local function culprits(ctx)
  local list, text, code = process.list { name = ctx.inputs.name }
  if not list then
    return nil, text, code
  end
  if list.left_out > 0 then
    return nil, "more processes of that name run than can be looked at: somebody must"
  end
  local found, why, why_code = {}, nil, nil
  for _, one in ipairs(list.processes) do
    local view, text, code = process.view { pid = one.pid, hash = true } -- one that ended meanwhile is none
    if view and view.program_sha256 == ctx.inputs.sha256 then
      found[#found + 1] = view
    elseif not view and code ~= "not-found" then
      say(string.format("nobody knows what process %d runs: %s", one.pid, text))
      why, why_code = text, code
    end
  end
  table.sort(found, function(a, b)
    local later = b.started - a.started
    return later >= TICK_MS or (later > -TICK_MS and a.pid < b.pid)
  end)
  return found, why, why_code
end

-- In words; nil where the machine does not tell. What lies at its path may be another file by now, or always was: a program can be
-- replaced while it runs, and that of a container has its path there.
local function owner_of(one)
  local owner = one.program and package.owner { path = one.program }
  if not owner then
    return nil
  elseif not owner.owned then
    return "no package"
  end
  local there = file.hash { path = one.program }
  if not there then
    return nil
  elseif there.sha256 ~= one.program_sha256 then
    return "unknown: another file lies there"
  end
  return string.format("package %s, %s", owner.packages[1].name, owner.content)
end

return playbook {
  name    = "suspicious-process",
  summary = "Freeze a hostile process, keep the evidence, end it once a person agrees",

  inputs = {
    name   = input.name { from = "labels.process", help = "what it calls itself" },
    sha256 = input.string {
      from = "labels.sha256", pattern = "[0-9a-f]{64}", help = "of the program that it runs",
    },
  },

  triggers = {
    on.alert {
      name = {
        "SuspiciousProcess", "CryptoMiner", "MalwareProcess",
        "Detect crypto miners using the Stratum protocol", "Drop and execute new binary in container", -- Falco
      },
    },
  },
  rollout  = { first = 1, grow = 2, soak = "30s", max_failures = 0 },
  at_most  = 10,
  cooldown = "10m",

  step "find" {
    timeout = "3m",
    uses = {
      ["process.list"] = { name = equals("inputs.name") },
      ["process.view"] = { pid = from(2), hash = equals(true) },
    },
    run = function(ctx)
      local found, text, code = culprits(ctx)
      if not found or (#found == 0 and text) then
        return nil, text, code -- what could not be looked at may be it
      end
      return found
    end,
    verify = function(ctx, found)
      return #found > 0 and #found <= 8,
        string.format("%d processes '%s' run that program: 1 to 8 are this playbook's", #found, ctx.inputs.name)
    end,
  },

  step "freeze" {
    needs   = { "find" },
    timeout = "4m",
    uses = {
      ["process.freeze"] = { name = equals("inputs.name") },
      ["process.thaw"]   = { name = equals("inputs.name") },
    },

    run = function(ctx)
      local frozen = {}
      for index, one in ipairs(ctx.here.find) do
        local done, text, code = process.freeze { process = one.id, name = ctx.inputs.name }
        if not done then
          return nil, text, code
        end
        frozen[index] = done
      end
      return frozen
    end,

    verify = function(ctx, frozen)
      for _, one in ipairs(frozen) do
        if not one.frozen then
          return false, one.process .. " is not frozen"
        end
      end
      return true
    end,

    -- What stands still within what stands still goes on first.
    undo = function(ctx)
      for index = #ctx.here.find, 1, -1 do
        local one = ctx.here.find[index]
        local done, text, code = process.thaw { process = one.id, name = ctx.inputs.name }
        if not done and code ~= "not-found" then -- what ended meanwhile needs no thaw
          return nil, text, code
        end
      end
      return "they go on"
    end,
  },

  step "evidence" {
    needs   = { "find", "freeze" },
    timeout = "5m",
    uses = {
      ["process.files"] = { pid = from(2) },
      ["package.owner"] = { path = under("/") },
      ["file.hash"]     = { path = under("/") },
    },
    run = function(ctx)
      local kept = {}
      for index, one in ipairs(ctx.here.find) do
        local opened, text, code = process.files { pid = one.pid }
        if not opened then
          return nil, text, code
        end
        local files = {}
        for number = 1, math.min(#opened.files, 50) do
          files[number] = opened.files[number].path
        end
        kept[index] = {
          pid = one.pid, user = one.user, command = one.command, program = one.program, owner = owner_of(one), files = files,
        }
      end
      return kept
    end,
  },

  step "agree" {
    needs   = { "evidence" },
    approve = {
      role = "responder", text = "It is frozen. Kill it and all that descend from it? If not, it goes on", expires = "4h",
    },
  },

  step "end" {
    needs   = { "find", "agree" },
    timeout = "6m",
    uses = {
      ["process.end_tree"] = { sha256 = equals("inputs.sha256") },
      ["process.list"]     = { name = equals("inputs.name") },
      ["process.view"]     = { pid = from(2), hash = equals(true) },
    },

    run = function(ctx)
      local ended = {}
      for index = #ctx.here.find, 1, -1 do -- as they are thawed
        local one = ctx.here.find[index]
        local done, text, code = process.end_tree { process = one.id, sha256 = ctx.inputs.sha256 }
        if not done then
          return nil, text, code
        end
        ended[#ended + 1] = done
      end
      return ended
    end,

    verify = function(ctx)
      local left, text, code = culprits(ctx)
      if not left then
        return nil, text, code
      end
      return #left == 0, string.format("%d run that program again: something starts it", #left)
    end,
  },
}
