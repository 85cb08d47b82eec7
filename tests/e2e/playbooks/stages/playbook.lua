-- The restart is done; whether the second step holds is for a file to say.
local function folder(ctx)
  return ctx.inputs.root .. "/" .. ctx.target.worker
end

return playbook {
  name    = "stages",
  summary = "Restart a service, then look for a file beside it",
  inputs  = { root = input.path { help = "what holds a folder for each worker" } },
  rollout = { first = 1, grow = 2, soak = "0s", max_failures = 0 },
  step "restart" {
    uses = { ["service.restart"] = { service = equals("slow") } },
    run  = function() return service.restart { service = "slow" } end,
  },
  step "check" {
    needs  = { "restart" },
    uses   = { ["disk.largest"] = { path = under("inputs.root"), count = equals(100) } },
    run    = function(ctx)
      assert(ctx.here.restart.running)
      return disk.largest { path = folder(ctx), count = 100 }
    end,
    verify = function(ctx, files)
      for _, file in ipairs(files) do
        if file.path == folder(ctx) .. "/ready" then
          return true
        end
      end
      return false, "it is not ready"
    end,
  },
}
