-- SPDX-License-Identifier: Apache-2.0
-- Rotates a log that grew too large, by its own rule of logrotate where one is named, and has its writer open the new one.

-- When its rule rotated the log last; nil with a fault where the rule is for others.
local function ask_rule(ctx, seen)
  local view, text, code = log.view { rule = ctx.inputs.rule }
  if not view then
    return nil, text, code
  end
  for _, one in ipairs(view.logs) do
    if one.path == ctx.inputs.log then
      seen.rotated_ms = one.rotated_ms
      return seen
    end
  end
  return nil, string.format("the rule '%s' is not for %s%s", ctx.inputs.rule, ctx.inputs.log,
    view.left_out > 0 and string.format(", or that is among %d of its logs that log.view leaves out", view.left_out) or "")
end

-- The writer's first process, whose parent is none of its own; an empty table where none of that name runs.
local function first_of(ctx)
  local list, text, code = process.list { name = ctx.inputs.writer }
  if not list then
    return nil, text, code
  end
  local is_writer, first = {}, nil
  for _, one in ipairs(list.processes) do
    is_writer[one.pid] = true
  end
  for _, one in ipairs(list.processes) do
    if not is_writer[one.parent] and (not first or one.pid < first) then
      first = one.pid
    end
  end
  if not first then
    return {}
  end
  return process.view { pid = first }
end

-- What a log is called once it is rotated, or removed: other logs begin with its name too.
local function is_old(log, path)
  return path:sub(1, #log) == log and (path:find("^[-._]%d", #log + 1) or path == log .. " (deleted)")
end

-- Which logs a process has open: this one, and what this one was before.
local function holds(ctx, pid)
  local opened, text, code = process.files { pid = pid }
  if not opened then
    return nil, text, code
  end
  local log, held = ctx.inputs.log, { new = false }
  for _, file in ipairs(opened.files) do
    if file.path == log then
      held.new = true
    elseif is_old(log, file.path) then
      held.old = file.path
    end
  end
  if opened.left_out > 0 and not held.new and not held.old then
    say(string.format("nobody knows which log process %d has open, of %d files more than are listed", pid, opened.left_out))
  end
  return held
end

return playbook {
  name    = "log-not-rotating",
  summary = "Rotate a log that grew too large, and have its writer open the new one",

  inputs = {
    log     = input.path { from = "labels.path", help = "the log, below a spool folder of the policy" },
    writer  = input.name { help = "what the process that writes it calls itself" },
    rule = input.string {
      default = "none", pattern = "[A-Za-z0-9_.+-]+",
      help = "the file of /etc/logrotate.d that rotates it; none: it is renamed, and its writer gets a HUP",
    },
    megabytes = input.integer {
      default = 1000, range = { 1, 1000000 }, help = "a smaller one is left alone",
    },
  },

  triggers = { on.alert { name = { "LogFileTooLarge", "LogNotRotating", "LogrotateFailed" } } },
  rollout  = { first = 1, grow = 2, soak = "30s", max_failures = 0 },
  cooldown = "1h",

  step "look" {
    timeout = "1m",
    uses = {
      ["file.stat"]    = { path = equals("inputs.log") },
      ["process.list"] = { name = equals("inputs.writer") },
      ["process.view"] = { pid = from(2) },
      ["log.view"]     = { rule = equals("inputs.rule") },
    },
    run = function(ctx)
      local stat, text, code = file.stat { path = ctx.inputs.log }
      if not stat then
        return nil, text, code
      end
      local first, text, code = first_of(ctx)
      if not first then
        return nil, text, code
      end
      local seen = { bytes = stat.bytes, inode = stat.inode, writer = first.id }
      if ctx.inputs.rule ~= "none" then
        return ask_rule(ctx, seen)
      end
      return seen
    end,
    verify = function(ctx, seen)
      return seen.writer ~= nil, string.format("no process '%s' runs: who writes the log?", ctx.inputs.writer)
    end,
  },

  step "rotate" {
    needs   = { "look" },
    timeout = "15m",
    uses = {
      ["log.rotate"]     = { rule = equals("inputs.rule") },
      ["file.rotate"]    = { path = equals("inputs.log") },
      ["process.signal"] = { name = equals("inputs.writer"), signal = equals("HUP") },
      ["file.stat"]      = { path = equals("inputs.log") },
    },

    when = function(ctx)
      return ctx.here.look.bytes >= ctx.inputs.megabytes * 1000000
    end,

    run = function(ctx)
      if ctx.inputs.rule ~= "none" then
        return log.rotate { rule = ctx.inputs.rule }
      end
      local old, text, code = file.rotate { path = ctx.inputs.log }
      if not old then
        return nil, text, code
      end
      local told, text, code = process.signal {
        process = ctx.here.look.writer, name = ctx.inputs.writer, signal = "HUP",
      }
      if not told then
        return nil, text, code
      end
      return old
    end,

    verify = function(ctx)
      local stat, text, code = file.stat { path = ctx.inputs.log }
      if not stat and code == "not-found" and ctx.inputs.rule ~= "none" then
        return true -- who writes it makes it, where its rule says nocreate
      elseif not stat then
        return nil, text, code
      end
      return (stat.inode ~= ctx.here.look.inode or ctx.inputs.rule ~= "none") and stat.bytes < ctx.here.look.bytes,
        "the log is the old one still"
    end,
  },

  step "writer" {
    needs   = { "look", "rotate" },
    timeout = "2m",
    retry   = { count = 3, pause = "3s" },
    uses = {
      ["process.list"]  = { name = equals("inputs.writer") },
      ["process.files"] = { pid = from(2) },
    },

    when = function(ctx)
      return ctx.here.look.bytes >= ctx.inputs.megabytes * 1000000
    end,

    run = function(ctx)
      local list, text, code = process.list { name = ctx.inputs.writer }
      if not list then
        return nil, text, code
      end
      local seen = { processes = 0, new = 0 }
      for _, one in ipairs(list.processes) do
        if seen.processes < 20 then
          local held, text, code = holds(ctx, one.pid)
          if held then
            seen.processes = seen.processes + 1
            seen.new = seen.new + (held.new and 1 or 0)
            seen.old = seen.old or held.old
          elseif code == "policy" then
            say("nobody knows which log its writer has open: " .. text)
            return {}
          elseif code ~= "not-found" then -- one that ended meanwhile has none
            return nil, text, code
          end
        end
      end
      return seen
    end,

    -- Who opens it for each line has neither.
    verify = function(ctx, seen)
      if seen.processes == 0 then
        return false, string.format("'%s' runs no more", ctx.inputs.writer)
      end
      return seen.old == nil, string.format("'%s' writes to %s still", ctx.inputs.writer, seen.old)
    end,
  },
}
