-- SPDX-License-Identifier: Apache-2.0
-- Renews a certificate that ends soon, and sees that the server gives the new one out.

local DAY_MS = 24 * 60 * 60 * 1000
local LOOKS  = 5 -- a pause apart: a server that reads anew gives the old one out for a moment still

-- What the server gives out, and how many days it is good for.
local function served(ctx)
  local told, text, code = tls.certificate {
    address = ctx.inputs.address, port = ctx.inputs.port, name = ctx.inputs.host,
  }
  if not told then
    return nil, text, code
  end
  local up, text, code = host.uptime {}
  if not up then
    return nil, text, code
  end
  return {
    not_after = told.not_after, days = (told.not_after - up.since - up.uptime_ms) // DAY_MS,
    verified = told.verified, problem = told.problem or "",
  }
end

local function ends_soon(ctx)
  return ctx.here.look.days < ctx.inputs.days
end

-- A command of the machine's policy that must end well.
local function well(command)
  local done, text, code = site.run { command = command }
  if not done then
    return nil, text, code
  elseif done.status ~= 0 then
    return nil, string.format("%s ended with %d: %s", command, done.status, done.output)
  end
  return done
end

return playbook {
  name    = "cert-expiry",
  summary = "Renew a certificate that ends soon, and have the server give it out",

  inputs = {
    host    = input.host    { from = "labels.host", help = "the name that the certificate is for" },
    address = input.address { default = "127.0.0.1", help = "where the server answers" },
    port    = input.integer { default = 443, range = { 1, 65535 }, help = "on which it speaks TLS" },
    days    = input.integer { default = 14, range = { 1, 365 }, help = "one that is good for longer is left alone" },
    pause   = input.integer { default = 2, range = { 1, 30 }, help = "seconds between two looks at the server" },
    file    = input.path    { help = "the certificate on disk, in PEM" },
    unit = input.string {
      default = "nginx.service", pattern = "[a-zA-Z0-9@:_.-]+", help = "the server, which reads it anew",
    },
    renew   = input.name { default = "renew-certificate", help = "command of the machine's policy" },
    restore = input.name { default = "restore-certificate", help = "command that puts the old one back, with its key" },
  },

  triggers = {
    on.alert {
      name = {
        "BlackboxSslCertificateWillExpireSoon", "BlackboxSslCertificateWillExpireVerySoon",
        "BlackboxSslCertificateExpired", "CertificateExpiry",
        "Cert: SSL certificate expires soon", -- Zabbix
      },
    },
  },
  rollout  = { first = 1, grow = 2, soak = "1m", max_failures = 0 },
  cooldown = "6h",

  step "look" {
    timeout = "2m",
    uses = {
      ["tls.certificate"] = {
        address = equals("inputs.address"), port = equals("inputs.port"), name = equals("inputs.host"),
      },
      ["host.uptime"] = {},
    },
    run = served,
  },

  step "renew" {
    needs      = { "look" },
    timeout    = "15m",
    on_failure = { "page" },
    uses = {
      ["site.run"]        = { command = one_of { "inputs.renew", "inputs.restore" } },
      ["tls.certificate"] = { path = equals("inputs.file") },
      ["unit.reload"]     = { unit = equals("inputs.unit") },
    },

    when = ends_soon,

    run = function(ctx)
      return well(ctx.inputs.renew)
    end,

    verify = function(ctx)
      local now, text, code = tls.certificate { path = ctx.inputs.file }
      if not now then
        return nil, text, code
      elseif not now.verified then
        return false, "the new one is not good: " .. (now.problem or "")
      end
      return now.not_after > ctx.here.look.not_after, "the one on disk ends no later"
    end,

    undo = function(ctx)
      local old, text, code = well(ctx.inputs.restore)
      if not old then
        return nil, text, code
      end
      return unit.reload { unit = ctx.inputs.unit }
    end,
  },

  step "reload" {
    needs      = { "look", "renew" },
    timeout    = "5m",
    on_failure = { "page" },
    uses = {
      ["unit.reload"] = { unit = equals("inputs.unit") },
      ["tls.certificate"] = {
        address = equals("inputs.address"), port = equals("inputs.port"), name = equals("inputs.host"),
      },
      ["host.uptime"] = {},
      ["host.cpu"]    = { seconds = equals("inputs.pause") },
    },

    when = ends_soon,

    run = function(ctx)
      return unit.reload { unit = ctx.inputs.unit }
    end,

    verify = function(ctx)
      for _ = 1, LOOKS do
        local now, text, code = served(ctx)
        if not now then
          return nil, text, code
        elseif now.not_after > ctx.here.look.not_after then
          return now.verified, "what it gives out is not good: " .. now.problem
        end
        local paused, text, code = host.cpu { seconds = ctx.inputs.pause }
        if not paused then
          return nil, text, code
        end
      end
      return false, "the server gives out the old one still"
    end,
  },

  step "page" {
    notify = "on-call",
    run = function(ctx)
      return string.format("the certificate of %s on %s could not be renewed", ctx.inputs.host, ctx.target.worker)
    end,
  },
}
