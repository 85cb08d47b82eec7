-- SPDX-License-Identifier: Apache-2.0
-- Clears one folder of its aged small files, where they used up the filesystem's inodes.

local AT_ONCE = 100000 -- files that one op removes
local ROUNDS  = 10     -- of them, in one folder

-- The fullest folders at or below the folder, and how many entries they have.
local function held_by(folder, folders)
  local entries, paths = 0, {}
  for _, one in ipairs(folders) do
    if one.path == folder or one.path:sub(1, #folder + 1) == folder .. "/" then
      entries = entries + one.entries
      paths[#paths + 1] = one.path
    end
  end
  return entries, paths
end

-- Adds what went from one folder to cleared.
local function clear(path, age_s, cleared)
  for _ = 1, ROUNDS do
    local gone, text, code = file.remove_aged { path = path, age_s = age_s, count = AT_ONCE }
    if not gone and code == "not-found" then -- the folder went meanwhile
      break
    elseif not gone then
      return nil, text, code
    end
    cleared.files = cleared.files + gone.files
    cleared.freed_bytes = cleared.freed_bytes + gone.freed_bytes
    if not gone.more or gone.files == 0 then
      break
    end
  end
  return cleared
end

return playbook {
  name    = "inode-exhaustion",
  summary = "Clear a folder of aged small files that use up a filesystem's inodes",

  inputs = {
    mount = input.path    { from = "labels.mountpoint", help = "where the filesystem is mounted" },
    goal  = input.percent { default = 80, help = "inodes that may be in use" },
    folder = input.path { help = "sessions, spool or cache: it and what is below it is cleared" },
    age_s = input.integer {
      default = 86400, range = { 60, 315360000 }, help = "a file that nobody wrote to for so many seconds is aged",
    },
    entries = input.integer {
      default = 10000, range = { 1, 100000000 }, help = "a folder that holds fewer is not the cause",
    },
  },

  triggers = {
    on.alert {
      name = {
        "HostOutOfInodes", "NodeFilesystemAlmostOutOfFiles", "NodeFilesystemFilesFillingUp",
        "HostInodesMayFillIn24Hours",
        "/: Running out of free inodes", "Linux: FS [/]: Running out of free inodes", -- Zabbix
      },
    },
  },
  rollout  = { first = 1, grow = 2, soak = "30s", max_failures = 0 },
  cooldown = "30m",

  step "look" {
    timeout = "2m",
    uses    = { ["disk.inodes"] = { path = equals("inputs.mount"), count = equals(20) } },
    run = function(ctx)
      local seen, text, code = disk.inodes { path = ctx.inputs.mount, count = 20 }
      if not seen then
        return nil, text, code
      end
      seen.held, seen.full = held_by(ctx.inputs.folder, seen.folders)
      return seen
    end,
  },

  step "page" {
    needs  = { "look" },
    notify = "on-call",
    when   = function(ctx)
      local seen = ctx.here.look
      return seen.used_percent > ctx.inputs.goal and seen.held < ctx.inputs.entries
    end,
    run = function(ctx)
      local seen, fullest = ctx.here.look, {}
      for index = 1, math.min(#seen.folders, 3) do
        local one = seen.folders[index]
        fullest[index] = string.format("%s (%d)", one.path, one.entries)
      end
      return string.format("%d %% of the inodes of %s on %s are in use, and %s is not the cause; the fullest folders: %s",
        seen.used_percent // 1, ctx.inputs.mount, ctx.target.worker, ctx.inputs.folder,
        table.concat(fullest, ", "))
    end,
  },

  step "clear" {
    needs   = { "look", "page" },
    timeout = "8m",
    uses = {
      ["file.remove_aged"] = { path = under("inputs.folder"), age_s = equals("inputs.age_s"), count = equals(100000) },
      ["disk.inodes"]      = { path = equals("inputs.mount"), count = equals(0) },
    },

    when = function(ctx)
      local seen = ctx.here.look
      return seen.used_percent > ctx.inputs.goal and seen.held >= ctx.inputs.entries
    end,

    run = function(ctx)
      local cleared = { files = 0, freed_bytes = 0 }
      for _, path in ipairs(ctx.here.look.full) do
        local done, text, code = clear(path, ctx.inputs.age_s, cleared)
        if not done then
          return nil, text, code
        end
      end
      return cleared
    end,

    verify = function(ctx)
      local now, text, code = disk.inodes { path = ctx.inputs.mount, count = 0 }
      if not now then
        return nil, text, code
      end
      return now.used_percent <= ctx.inputs.goal,
        string.format("%d %% of the inodes are in use still", now.used_percent // 1)
    end,
  },
}
