-- SPDX-License-Identifier: Apache-2.0
-- Thinks for a second or two, and gives a lot.
return playbook {
  name    = "pondering",
  summary = "Think for a while, and give a lot",

  step "think" {
    run = function()
      local sum = 0
      for i = 1, 150000000 do
        sum = sum + i % 7
      end
      return { sum = sum, words = ("much "):rep(20000) }
    end,
  },
}
