-- SPDX-License-Identifier: Apache-2.0
-- Sends mail that waits too long once more where the next server answers again, and tells people where it does not.

-- How many mails wait; 300 of them are looked at.
local function waiting(ctx)
  local found, text, code = file.find { path = ctx.inputs.folder, kind = "file", count = 300 }
  if not found then
    return nil, text, code
  end
  return { count = #found.files + found.left_out }
end

return playbook {
  name    = "mail-queue",
  summary = "Send mail once more that waits too long",

  inputs = {
    folder = input.path { default = "/var/spool/postfix/deferred", help = "where mail waits" },
    relay  = input.address { from = "labels.relay", help = "the next server" },
    port   = input.integer { default = 25, range = { 1, 65535 }, help = "where it takes mail" },
    least  = input.integer { default = 100, range = { 1, 1000000 }, help = "fewer mails are left alone" },
    pause  = input.integer { default = 15, range = { 1, 30 }, help = "seconds between two looks" },
  },

  triggers = { on.alert { name = { "PostfixQueueGrowing", "MailQueueTooLong", "PostfixDeferredHigh" } } },
  rollout  = { first = 1, grow = 2, soak = "1m", max_failures = 0 },
  cooldown = "30m",

  step "look" {
    timeout = "2m",
    uses = {
      ["file.find"] = { path = equals("inputs.folder"), kind = equals("file"), count = equals(300) },
      ["net.tcp"]   = { address = equals("inputs.relay"), port = equals("inputs.port") },
    },
    run = function(ctx)
      local queue, text, code = waiting(ctx)
      if not queue then
        return nil, text, code
      end
      local relay, text, code = net.tcp { address = ctx.inputs.relay, port = ctx.inputs.port, timeout_ms = 5000 }
      if not relay then
        return nil, text, code
      end
      return { count = queue.count, relay = relay.connected, error = relay.error }
    end,
  },

  step "page" {
    needs  = { "look" },
    notify = "on-call",
    when   = function(ctx)
      return ctx.here.look.count >= ctx.inputs.least and not ctx.here.look.relay
    end,
    run = function(ctx)
      return string.format("%d mails wait on %s, and %s port %d takes none: %s", ctx.here.look.count, ctx.target.worker,
        ctx.inputs.relay, ctx.inputs.port, ctx.here.look.error or "no answer")
    end,
  },

  step "send" {
    needs   = { "look" },
    timeout = "4m",
    uses = {
      ["site.run"]  = { command = equals("flush-mail") },
      ["file.find"] = { path = equals("inputs.folder"), kind = equals("file"), count = equals(300) },
      ["host.cpu"]  = { seconds = equals("inputs.pause") },
    },

    when = function(ctx)
      return ctx.here.look.count >= ctx.inputs.least and ctx.here.look.relay
    end,

    run = function()
      local done, text, code = site.run { command = "flush-mail" }
      if not done then
        return nil, text, code
      elseif done.status ~= 0 then
        return nil, string.format("flush-mail ended with status %d: %s", done.status, done.output)
      end
      return done
    end,

    verify = function(ctx)
      local queue
      for _ = 1, 4 do
        local paused, text, code = host.cpu { seconds = ctx.inputs.pause }
        if not paused then
          return nil, text, code
        end
        queue, text, code = waiting(ctx)
        if not queue then
          return nil, text, code
        elseif queue.count < ctx.here.look.count then
          return true
        end
      end
      return false, string.format("%d mails wait still: the mail server's log says who does not take them", queue.count)
    end,
  },
}
