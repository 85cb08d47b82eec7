-- Two logs are emptied; where a file says hold that is undone, the last first. The undo of the first
-- looks that the second has been undone before it.
local function lies(ctx, name)
  local files = assert(disk.largest { path = ctx.inputs.spool, count = 100 })
  for _, file in ipairs(files) do
    if file.path == ctx.inputs.spool .. "/" .. name then
      return true
    end
  end
  return false
end

local look = { path = equals("inputs.spool"), count = equals(100) }
local inside = { path = under("inputs.spool") }

return playbook {
  name    = "careful",
  summary = "Empty two logs, and take that back where a file says hold",
  inputs  = { spool = input.path { help = "a spool folder with one.log, two.log and rotated ones" } },

  step "one" {
    uses = { ["disk.largest"] = look, ["file.truncate"] = inside, ["file.remove"] = inside },
    run  = function(ctx) return file.truncate { path = ctx.inputs.spool .. "/one.log" } end,
    undo = function(ctx)
      if lies(ctx, "two.log.1") then
        return nil, "two was not undone before", "conflict"
      elseif lies(ctx, "stuck") then
        return nil, "stuck lies there", "conflict"
      end
      return file.remove { path = ctx.inputs.spool .. "/one.log.1" }
    end,
  },

  step "two" {
    needs = { "one" },
    uses  = { ["file.truncate"] = inside, ["file.remove"] = inside },
    run   = function(ctx) return file.truncate { path = ctx.inputs.spool .. "/two.log" } end,
    undo  = function(ctx) return file.remove { path = ctx.inputs.spool .. "/two.log.1" } end,
  },

  step "judge" {
    needs      = { "two" },
    on_failure = { "say-why" },
    uses       = { ["disk.largest"] = look },
    run        = function(ctx) return lies(ctx, "hold") end,
    verify     = function(_, held) return not held, "hold lies there" end,
  },

  step "say-why" { run = function() say("somebody wants these logs") end },

  step "count" {
    always = true,
    uses   = { ["disk.largest"] = look },
    run    = function(ctx) return #assert(disk.largest { path = ctx.inputs.spool, count = 100 }) end,
  },
}
