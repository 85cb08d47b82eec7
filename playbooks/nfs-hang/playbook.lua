-- SPDX-License-Identifier: Apache-2.0
-- Tells people whether a file server answers that is mounted here, and who waits for it. Changes nothing.

return playbook {
  name    = "nfs-hang",
  summary = "Tell people whether a file server answers, and who waits for it",

  inputs = {
    server = input.address { from = "labels.server", help = "the file server, as it is mounted" },
    port   = input.integer { default = 2049, range = { 1, 65535 }, help = "where it answers" },
  },

  triggers = { on.alert { name = { "NfsServerNotResponding", "NFSHang", "NodeNfsStale", "MountNotResponding" } } },
  rollout  = { first = 1, grow = 8, soak = "10s", max_failures = 1 },
  cooldown = "30m",

  step "look" {
    timeout = "3m",
    uses = {
      ["disk.mounts"]  = {},
      ["net.tcp"]      = { address = equals("inputs.server"), port = equals("inputs.port") },
      ["net.ping"]     = { address = equals("inputs.server"), count = equals(3) },
      ["host.load"]    = {},
      ["host.cpu"]     = { seconds = equals(5) },
    },
    run = function(ctx)
      local mounted, text, code = disk.mounts {}
      if not mounted then
        return nil, text, code
      end
      local seen = { mounts = {}, answered = 0 }
      for _, one in ipairs(mounted.mounts) do
        if one.device:sub(1, #ctx.inputs.server + 1) == ctx.inputs.server .. ":" then
          seen.mounts[#seen.mounts + 1] = one.path
        end
      end
      for look = 1, 3 do
        local tried, text, code = net.tcp { address = ctx.inputs.server, port = ctx.inputs.port, timeout_ms = 3000 }
        if not tried then
          return nil, text, code
        end
        seen.answered = seen.answered + (tried.connected and 1 or 0)
        if look < 3 then
          local paused, text, code = host.cpu { seconds = 5 }
          if not paused then
            return nil, text, code
          end
        end
      end
      local echo, text, code = net.ping { address = ctx.inputs.server, count = 3 }
      if not echo then
        return nil, text, code
      end
      local load, text, code = host.load {}
      if not load then
        return nil, text, code
      end
      seen.lost_percent, seen.load = echo.lost_percent, load.load_1m
      return seen
    end,
    verify = function(ctx, seen)
      return #seen.mounts > 0, "nothing of " .. ctx.inputs.server .. " is mounted"
    end,
  },

  step "page" {
    needs  = { "look" },
    notify = "on-call",
    when   = function(ctx)
      return ctx.here.look.answered < 3
    end,
    run = function(ctx)
      local seen = ctx.here.look
      local why = seen.lost_percent == 100 and "the machine itself is not reached"
        or seen.answered == 0 and "the machine is reached, its file service is not"
        or "it answers now and then"
      return string.format("%s, which %s has mounted at %s, answered %d of 3 times: %s; load is %.1f",
        ctx.inputs.server, ctx.target.worker, table.concat(seen.mounts, ", "), seen.answered, why, seen.load)
    end,
  },
}
