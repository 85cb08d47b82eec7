-- SPDX-License-Identifier: Apache-2.0
-- The kernel made a filesystem read-only behind an error: mounts it again for writing, once a person agrees.

-- The mount at the path, as the kernel has it now.
local function mount_of(ctx)
  local mounted, text, code = disk.mounts {}
  if not mounted then
    return nil, text, code
  end
  local top
  for _, one in ipairs(mounted.mounts) do
    if one.path == ctx.inputs.mount then
      top = one -- what was mounted over another, as over an automount's, is what is seen
    end
  end
  if not top then
    return nil, "nothing is mounted at " .. ctx.inputs.mount
  end
  return top
end

return playbook {
  name    = "filesystem-read-only",
  summary = "Check and remount a filesystem that went read-only, once a person agrees",

  inputs = {
    mount = input.path { from = "labels.mountpoint", help = "where the filesystem is mounted" },
    unit  = input.name { help = "the unit that writes to it, such as postgresql.service" },
  },

  triggers = {
    on.alert {
      name = { "HostFilesystemDeviceError", "NodeFilesystemReadOnly", "FilesystemReadOnly", "NodeFilesystemFilesystemError" },
    },
  },
  rollout  = { first = 1, grow = 1, soak = "2m", max_failures = 0 },
  at_most  = 3,
  cooldown = "1h",

  step "look" {
    timeout = "2m",
    uses = {
      ["disk.mounts"]   = {},
      ["disk.usage"]    = { path = equals("inputs.mount") },
      ["journal.query"] = { priority = equals(4), contains = equals("error"), count = equals(100) },
      ["unit.status"]   = { unit = equals("inputs.unit") },
    },
    run = function(ctx)
      local mount, text, code = mount_of(ctx)
      if not mount then
        return nil, text, code
      end
      local usage, text, code = disk.usage { path = ctx.inputs.mount }
      if not usage then
        return nil, text, code
      end
      local said, text, code = journal.query { priority = 4, contains = "error", count = 100 }
      if not said then
        return nil, text, code
      end
      local writer, text, code = unit.status { unit = ctx.inputs.unit }
      if not writer then
        return nil, text, code
      end
      local device = mount.device:match("[^/]+$") or mount.device
      local seen = {
        device = mount.device, type = mount.type, read_only = mount.read_only,
        used_percent = usage.used_percent, errors = {}, active = writer.active,
      }
      for _, entry in ipairs(said.entries) do
        if entry.text:find(device, 1, true) and #seen.errors < 20 then
          seen.errors[#seen.errors + 1] = entry.text
        end
      end
      return seen
    end,
    verify = function(ctx, seen)
      return seen.read_only, ctx.inputs.mount .. " can be written to"
    end,
  },

  step "page" {
    needs  = { "look" },
    notify = "on-call",
    run = function(ctx)
      local seen = ctx.here.look
      return string.format("%s (%s, %s) on %s is read-only, and the journal has %d errors of it: see what look gave and how the drive is, then say whether to check and remount it",
        ctx.inputs.mount, seen.device, seen.type, ctx.target.worker, #seen.errors)
    end,
  },

  step "agree" {
    needs   = { "page" },
    approve = {
      role = "responder", text = "Stop who writes, check the filesystem and mount it for writing? Not where its drive dies", expires = "2h",
    },
  },

  step "stop" {
    needs   = { "look", "agree" },
    timeout = "4m",
    uses = {
      ["unit.stop"]   = { unit = equals("inputs.unit") },
      ["unit.start"]  = { unit = equals("inputs.unit") },
      ["unit.status"] = { unit = equals("inputs.unit") },
      ["disk.mounts"] = {},
    },

    -- A person took a while.
    run = function(ctx)
      local mount, text, code = mount_of(ctx)
      if not mount then
        return nil, text, code
      elseif not mount.read_only then
        return nil, ctx.inputs.mount .. " can be written to again: nothing is stopped"
      end
      return unit.stop { unit = ctx.inputs.unit }
    end,

    verify = function(ctx)
      local unit, text, code = unit.status { unit = ctx.inputs.unit }
      if not unit then
        return nil, text, code
      end
      return unit.active == "inactive" or unit.active == "failed", ctx.inputs.unit .. " is " .. unit.active .. " still"
    end,

    undo = function(ctx)
      local was = ctx.here.look.active
      if was == "inactive" or was == "failed" then
        return "it did not run before, and stays so"
      end
      return unit.start { unit = ctx.inputs.unit }
    end,
  },

  step "remount" {
    needs   = { "stop" },
    timeout = "6m",
    uses = {
      ["site.run"]    = { command = equals("remount") },
      ["disk.mounts"] = {},
    },

    run = function(ctx)
      local done, text, code = site.run { command = "remount", with = "path=" .. ctx.inputs.mount }
      if not done then
        return nil, text, code
      elseif done.status ~= 0 then
        return nil, string.format("remount ended with status %d: %s", done.status, done.output)
      end
      return done
    end,

    verify = function(ctx)
      local mount, text, code = mount_of(ctx)
      if not mount then
        return nil, text, code
      end
      return not mount.read_only, ctx.inputs.mount .. " is read-only still"
    end,
  },

  step "start" {
    needs   = { "remount" },
    timeout = "4m",
    uses = {
      ["unit.start"]  = { unit = equals("inputs.unit") },
      ["unit.status"] = { unit = equals("inputs.unit") },
    },

    run = function(ctx)
      return unit.start { unit = ctx.inputs.unit }
    end,

    verify = function(ctx)
      local unit, text, code = unit.status { unit = ctx.inputs.unit }
      if not unit then
        return nil, text, code
      end
      return unit.active == "active", ctx.inputs.unit .. " is " .. unit.active
    end,
  },
}
