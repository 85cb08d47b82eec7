-- Each service's start waits for a file that only the other's start makes.
local function start(name)
  return {
    uses = { ["service.start"] = { service = equals(name) } },
    run  = function() return service.start { service = name } end,
  }
end

return playbook {
  name    = "abreast",
  summary = "Start two services that wait for each other",
  step "left" (start "left"),
  step "right" (start "right"),
  step "look" {
    needs = { "left", "right" },
    uses  = { ["service.status"] = { service = one_of { "left", "right" } } },
    run   = function()
      return service.status { service = "left" }.running and service.status { service = "right" }.running
    end,
    verify = function(_, both) return both end,
  },
}
