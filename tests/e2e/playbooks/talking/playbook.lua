local function speak(from, to)
  for i = from, to do
    say(string.format("line %03d", i))
  end
end

return playbook {
  name    = "talking",
  summary = "Say a hundred lines, with a start in their middle that takes as long as it likes",
  step "talk" {
    uses = { ["service.start"] = { service = equals("slow") } },
    run  = function()
      speak(1, 50)
      local started, text, code = service.start { service = "slow" }
      speak(51, 100)
      return started, text, code
    end,
  },
}
