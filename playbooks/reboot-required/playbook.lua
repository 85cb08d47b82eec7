-- SPDX-License-Identifier: Apache-2.0
-- Tells people which machines wait for a reboot, and for what. Reboots none.

return playbook {
  name    = "reboot-required",
  summary = "Tell people which machines wait for a reboot, and for what",

  triggers = {
    on.alert {
      name = {
        "RebootRequired", "NodeRebootRequired", "HostKernelVersionDeviations", "HostRequiresReboot",
      },
    },
  },
  rollout  = { first = 1, grow = 16, soak = "10s", max_failures = 1 },
  cooldown = "12h",

  step "look" {
    timeout = "2m",
    uses    = { ["host.uptime"] = {}, ["user.sessions"] = {}, ["package.restarts"] = {} },
    run = function()
      local up, text, code = host.uptime {}
      if not up then
        return nil, text, code
      end
      local open, text, code = user.sessions {}
      if not open then
        return nil, text, code
      end
      local old = package.restarts {} -- a machine that does not tell is no reason to stop
      local packages = up.reboot_for
      if old and old.kernel_waits then
        packages[#packages + 1] = "kernel " .. old.newest_kernel
      end
      return {
        required = up.reboot_required or #packages > 0, packages = packages, kernel = up.kernel,
        days = up.uptime_ms // 86400000, sessions = #open.sessions,
      }
    end,
  },

  step "page" {
    once   = true,
    needs  = { "look" },
    notify = "on-call",
    run = function(ctx)
      local due, kernels = {}, {}
      for target, seen in pairs(ctx.all.look) do
        kernels[seen.kernel] = (kernels[seen.kernel] or 0) + 1
        if seen.required then
          due[#due + 1] = string.format("%s (up %d days, %d sessions, for %s)", target, seen.days, seen.sessions,
            #seen.packages > 0 and table.concat(seen.packages, " ", 1, math.min(#seen.packages, 5)) or "no package that is named")
        end
      end
      local run = {}
      for kernel, count in pairs(kernels) do
        run[#run + 1] = string.format("%s on %d", kernel, count)
      end
      return string.format("%s; kernels that run: %s",
        #due > 0 and "a reboot is due: " .. table.concat(due, ", ") or "no reboot is due", table.concat(run, ", "))
    end,
  },
}
