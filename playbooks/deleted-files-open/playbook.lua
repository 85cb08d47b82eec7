-- SPDX-License-Identifier: Apache-2.0
-- Has a program let go of files that are deleted and take room as long as it holds them open.

-- Bytes that processes of that name hold in deleted files, and the first of those processes.
local function held(ctx)
  local list, text, code = process.files { deleted = true }
  if not list then
    return nil, text, code
  end
  local seen = { bytes = 0, all_bytes = list.deleted_bytes, paths = {} }
  for _, one in ipairs(list.files) do
    if one.name == ctx.inputs.holder then
      seen.bytes, seen.pid = seen.bytes + one.bytes, seen.pid or one.pid
      if #seen.paths < 20 then
        seen.paths[#seen.paths + 1] = one.path
      end
    end
  end
  return seen
end

return playbook {
  name    = "deleted-files-open",
  summary = "Have a program let go of deleted files that fill the disk",

  inputs = {
    holder    = input.name { from = "labels.process", help = "what the process that holds them calls itself" },
    megabytes = input.integer {
      default = 500, range = { 1, 1000000 }, help = "that it holds; less is left alone",
    },
  },

  triggers = { on.alert { name = { "DeletedFilesHeldOpen", "DiskFullOfDeletedFiles" } } },
  rollout  = { first = 1, grow = 2, soak = "30s", max_failures = 0 },
  cooldown = "1h",

  step "look" {
    timeout = "2m",
    uses = {
      ["process.files"] = { deleted = equals(true) },
      ["process.view"]  = { pid = from(2) },
    },
    run = function(ctx)
      local seen, text, code = held(ctx)
      if not seen then
        return nil, text, code
      elseif seen.pid then
        local view, text, code = process.view { pid = seen.pid }
        if not view then
          return nil, text, code
        end
        seen.id = view.id
      end
      return seen
    end,
  },

  step "release" {
    needs   = { "look" },
    timeout = "3m",
    uses = {
      ["process.signal"] = { name = equals("inputs.holder"), signal = equals("HUP") },
      ["process.files"]  = { deleted = equals(true) },
      ["host.cpu"]       = { seconds = equals(5) },
    },

    when = function(ctx)
      return ctx.here.look.bytes >= ctx.inputs.megabytes * 1000000
    end,

    run = function(ctx)
      return process.signal { process = ctx.here.look.id, name = ctx.inputs.holder, signal = "HUP" }
    end,

    verify = function(ctx)
      local busy, text, code = host.cpu { seconds = 5 }
      if not busy then
        return nil, text, code
      end
      local now, text, code = held(ctx)
      if not now then
        return nil, text, code
      end
      return now.bytes < ctx.here.look.bytes,
        string.format("it holds %d MB still: only its end frees them, and that is a person's to say", now.bytes // 1000000)
    end,
  },
}
