-- SPDX-License-Identifier: Apache-2.0
-- A network device's interface goes up and down: shuts it once a person agrees.

-- How often it went down since the device started, where that counts it; a log of FRR is nowhere to be asked for.
local function downs_of(ctx)
  local all, text, code = device.show { device = ctx.inputs.device, what = "interfaces" }
  if not all then
    return nil, text, code
  end
  local one = all.data and all.data[ctx.inputs.interface]
  return one and one.linkDowns
end

-- By which of its links this machine hangs on a port of that name, where lldpd heard so.
local function hangs_by(ctx)
  local heard = link.neighbours { link = ctx.inputs.link }
  for _, one in ipairs(heard and heard.neighbours or {}) do
    if one.port == ctx.inputs.interface or one.port_description == ctx.inputs.interface then
      return string.format("%s hangs on a port of that name of %s by its %s",
        ctx.target.worker, one.name or one.chassis or one.via, one.link)
    end
  end
end

return playbook {
  name    = "port-flapping",
  summary = "Shut a network device's interface that goes up and down, once a person agrees",

  inputs = {
    device    = input.name { from = "labels.device", help = "as the machine's policy names it" },
    interface = input.string {
      from = "labels.interface", pattern = "[A-Za-z0-9][A-Za-z0-9./:_-]*", help = "as the device calls it",
    },
    link = input.name { optional = true, help = "of this machine, that may hang on the device; any" },
  },

  triggers = {
    on.alert { name = { "PortFlapping", "InterfaceFlapping", "SwitchPortFlapping", "ifOperStatusFlapping" } },
  },
  rollout  = { first = 1, grow = 1, soak = "1m", max_failures = 0 },
  cooldown = "1h",

  step "look" {
    timeout = "5m",
    uses = {
      ["device.interface"] = { device = equals("inputs.device"), interface = equals("inputs.interface") },
      ["device.show"]      = { device = equals("inputs.device"), what = one_of { "log", "interfaces" } },
      ["link.neighbours"]  = { link = equals("inputs.link") },
    },
    run = function(ctx)
      local seen, text, code = device.interface {
        device = ctx.inputs.device, interface = ctx.inputs.interface,
      }
      if not seen then
        return nil, text, code
      end
      local told, text, code = device.show { device = ctx.inputs.device, what = "log" }
      if not told then
        return nil, text, code
      end
      local about = {}
      for _, line in ipairs(told.lines or {}) do
        if line:find(ctx.inputs.interface, 1, true) then
          about[#about + 1] = line
        end
      end
      local downs
      if #about == 0 then
        downs, text, code = downs_of(ctx)
        if code then
          return nil, text, code
        end
      end
      return { up = seen.up, shut = seen.shut, said = { table.unpack(about, math.max(1, #about - 19)) }, downs = downs,
               hangs = hangs_by(ctx) }
    end,
    verify = function(ctx, seen)
      return not seen.shut, ctx.inputs.interface .. " is shut already"
    end,
  },

  step "page" {
    needs  = { "look" },
    notify = "on-call",
    run = function(ctx)
      local seen = ctx.here.look
      local word = seen.said[#seen.said] or seen.downs and string.format("it went down %d times", seen.downs) or "none"
      return string.format("%s of %s goes up and down, it is %s now; the device's last word of it: %s%s. Say whether it is shut",
        ctx.inputs.interface, ctx.inputs.device, seen.up and "up" or "down", word, seen.hangs and "; " .. seen.hangs or "")
    end,
  },

  step "agree" {
    needs   = { "page" },
    approve = {
      role = "responder", text = "Shut the interface? It goes up and down; what hangs on it alone is cut off",
      expires = "1h",
    },
  },

  step "shut" {
    needs   = { "agree" },
    timeout = "5m",
    uses = {
      ["device.shut"]      = { device = equals("inputs.device"), interface = equals("inputs.interface") },
      ["device.no_shut"]   = { device = equals("inputs.device"), interface = equals("inputs.interface") },
      ["device.interface"] = { device = equals("inputs.device"), interface = equals("inputs.interface") },
    },

    run = function(ctx)
      return device.shut { device = ctx.inputs.device, interface = ctx.inputs.interface }
    end,

    verify = function(ctx)
      local now, text, code = device.interface {
        device = ctx.inputs.device, interface = ctx.inputs.interface,
      }
      if not now then
        return nil, text, code
      end
      return now.shut and not now.up, ctx.inputs.interface .. " is up still"
    end,

    undo = function(ctx)
      return device.no_shut { device = ctx.inputs.device, interface = ctx.inputs.interface }
    end,
  },

  step "remind" {
    needs  = { "shut" },
    notify = "on-call",
    run = function(ctx)
      return string.format("%s of %s is shut until somebody opens it (device.no_shut), or the device starts anew",
        ctx.inputs.interface, ctx.inputs.device)
    end,
  },
}
