-- What was done is undone where a file says hold: a test sees by start.log.1 and restart.log.1, which only
-- the undo removes, that it was.
local function at(ctx, name)
  return ctx.inputs.root .. "/" .. ctx.target.worker .. "/" .. name
end

return playbook {
  name    = "rolling",
  summary = "Start a service and restart it: an op that may be repeated, then one that is looked for before it is repeated",
  inputs  = {
    service = input.name { help = "as the machine's policy names it" },
    root    = input.path { help = "what holds a spool folder for each worker" },
  },
  triggers = { on.alert { name = { "Rolling" } } },
  rollout = { first = 1, grow = 2, soak = "0s", max_failures = 0 },
  step "start" {
    uses = { ["service.start"] = { service = equals("inputs.service") }, ["file.remove"] = { path = under("inputs.root") } },
    run  = function(ctx) return service.start { service = ctx.inputs.service } end,
    undo = function(ctx) return file.remove { path = at(ctx, "start.log.1") } end,
  },
  step "restart" {
    needs = { "start" },
    uses  = { ["service.restart"] = { service = equals("inputs.service") }, ["file.remove"] = { path = under("inputs.root") } },
    run   = function(ctx) return service.restart { service = ctx.inputs.service } end,
    undo  = function(ctx) return file.remove { path = at(ctx, "restart.log.1") } end,
  },
  step "judge" {
    needs  = { "restart" },
    uses   = { ["disk.largest"] = { path = under("inputs.root"), count = equals(100) } },
    run    = function(ctx) return disk.largest { path = ctx.inputs.root .. "/" .. ctx.target.worker, count = 100 } end,
    verify = function(ctx, files)
      for _, file in ipairs(files) do
        if file.path == at(ctx, "hold") then
          return false, "hold lies there"
        end
      end
      return true
    end,
  },
}
