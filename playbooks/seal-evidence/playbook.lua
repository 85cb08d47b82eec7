-- SPDX-License-Identifier: Apache-2.0
-- Puts what a machine forgets first, and the files of a folder, into one sealed archive of a case.

local FACTS = { -- the most fleeting first
  "processes", "sockets", "sessions", "deleted", "memory", "mounts", "failures", "users", "cron", "uptime",
}

return playbook {
  name    = "seal-evidence",
  summary = "Put what a machine forgets first, and a folder's files, into a sealed archive",

  inputs = {
    case   = input.name { help = "the case that it belongs to, such as incident-1042" },
    folder = input.path { default = "/tmp", help = "files that were put there lately are copied" },
    days   = input.integer { default = 7, range = { 1, 365 }, help = "how lately" },
  },

  rollout = { first = 1, grow = 4, soak = "10s", max_failures = 1 },

  step "facts" {
    timeout = "12m",
    uses = {
      ["evidence.facts"] = {
        case = equals("inputs.case"),
        of = one_of {
          "processes", "sockets", "sessions", "deleted", "memory", "mounts", "failures", "users",
          "cron", "uptime",
        },
      },
    },
    run = function(ctx)
      local noted = {}
      for index, fact in ipairs(FACTS) do
        local done, text, code = evidence.facts { case = ctx.inputs.case, of = fact }
        if not done then
          return nil, text, code
        end
        noted[index] = done
      end
      return noted
    end,
    verify = function(ctx, noted)
      for _, one in ipairs(noted) do
        if #one.sha256 ~= 64 then
          return false, one.name .. " has no hash"
        end
      end
      return true
    end,
  },

  step "files" {
    needs   = { "facts" },
    timeout = "20m",
    uses = {
      ["host.uptime"]   = {},
      ["file.find"]     = { path = equals("inputs.folder"), kind = equals("file"), count = to(20) },
      ["file.hash"]     = { path = under("inputs.folder") },
      ["evidence.file"] = { case = equals("inputs.case"), path = under("inputs.folder") },
    },
    run = function(ctx)
      local up, text, code = host.uptime {}
      if not up then
        return nil, text, code
      end
      local found, text, code = file.find {
        path = ctx.inputs.folder, kind = "file", count = 20,
        newer_than = math.max(0, up.since + up.uptime_ms - ctx.inputs.days * 24 * 3600000),
      }
      if not found then
        return nil, text, code
      end
      local copied = { files = {}, missed = {} }
      for _, one in ipairs(found.files) do
        local done, text = evidence.file { case = ctx.inputs.case, path = one.path }
        if done then
          copied.files[#copied.files + 1] = { path = one.path, sha256 = done.sha256 }
        else
          copied.missed[#copied.missed + 1] = one.path .. ": " .. text
        end
      end
      return copied
    end,
    -- A file that changes while it is copied says so here, by its hash.
    verify = function(ctx, copied)
      for _, one in ipairs(copied.files) do
        local now = file.hash { path = one.path } -- one that is gone by now is in the case still
        if now and now.sha256 ~= one.sha256 then
          say(one.path .. " changed since it was copied")
        end
      end
      return true
    end,
  },

  step "seal" {
    needs   = { "files" },
    timeout = "10m",
    uses    = { ["evidence.seal"] = { case = equals("inputs.case") } },
    run = function(ctx)
      return evidence.seal { case = ctx.inputs.case }
    end,
    verify = function(ctx, sealed)
      return sealed.bytes > 0 and #sealed.sha256 == 64, "the archive is empty"
    end,
  },
}
