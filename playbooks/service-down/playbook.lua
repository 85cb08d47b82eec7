-- SPDX-License-Identifier: Apache-2.0
-- Starts a service that should run and does not, and sees that it answers.

local CONNECT_TRIES = 20

-- A service may take a moment from its start to its first accepted connection; two in a row are no accident.
local function answers(ctx)
  local good, last = 0, "nothing was tried"
  for _ = 1, CONNECT_TRIES do
    local tried, text, code = net.tcp {
      address = ctx.inputs.address, port = ctx.inputs.port, timeout_ms = 1000,
    }
    if not tried then
      return nil, text, code
    elseif not tried.connected then
      good, last = 0, tried.error or "no answer"
    elseif good == 1 then
      return true
    else
      good = 1
    end
  end
  return false, string.format("%s port %d: %s", ctx.inputs.address, ctx.inputs.port, last)
end

return playbook {
  name    = "service-down",
  summary = "Start a service that should run and does not",

  inputs = {
    service = input.name    { from = "labels.service", help = "as the machine's policy names it" },
    address = input.address { default = "127.0.0.1", help = "where the service answers" },
    port    = input.integer {
      default = 0, from = "labels.port", help = "TCP port that must answer; 0 for none",
    },
  },

  triggers = {
    on.alert {
      name = {
        "ServiceDown", "SystemdServiceFailed", "HostSystemdServiceCrashed", "NodeSystemdServiceFailed",
        "HTTP", "SSH", "http", "ssh", -- Nagios, Icinga
        "Nginx: Service is down", "Apache: Service is down", -- Zabbix
        "Does not exist", -- Monit
      },
    },
  },
  rollout  = { first = 1, grow = 2, soak = "10s", max_failures = 0 },
  cooldown = "15m",

  step "status" {
    timeout = "30s",
    uses = {
      ["service.status"] = { service = equals("inputs.service") },
      ["process.list"]   = { name = equals("inputs.service") },
    },
    run = function(ctx)
      local status, text, code = service.status { service = ctx.inputs.service }
      if not status then
        return nil, text, code
      end
      local list, text, code = process.list { name = ctx.inputs.service }
      if not list then
        return nil, text, code
      end
      return { running = status.running, pid = status.pid, processes = #list.processes + list.left_out }
    end,
  },

  step "start" {
    needs   = { "status" },
    timeout = "2m",
    uses = {
      ["service.start"]  = { service = equals("inputs.service") },
      ["service.status"] = { service = equals("inputs.service") },
      ["net.tcp"]        = { address = equals("inputs.address"), port = equals("inputs.port") },
    },

    when = function(ctx)
      return not ctx.here.status.running
    end,

    run = function(ctx)
      return service.start { service = ctx.inputs.service }
    end,

    verify = function(ctx)
      local status, text, code = service.status { service = ctx.inputs.service }
      if not status then
        return nil, text, code
      elseif not status.running then
        return false, "the service does not run"
      end
      if ctx.inputs.port == 0 then
        return true
      end
      return answers(ctx)
    end,
  },
}
