-- SPDX-License-Identifier: Apache-2.0
-- A replication slot that nobody uses has PostgreSQL keep its log until the disk is full: drops it once a person agrees.

-- The slot, or an empty table where there is none.
local function slot_of(ctx)
  local told, text, code = postgres.replication { database = ctx.inputs.database, slot = ctx.inputs.slot }
  if not told then
    return nil, text, code
  end
  return told.slots[1] or {}
end

return playbook {
  name    = "dead-slot",
  summary = "Drop a PostgreSQL replication slot that nobody uses, once a person agrees",

  inputs = {
    database = input.name    { default = "main", help = "the server, as a database line of the machine's policy calls it" },
    slot     = input.string  { from = "labels.slot_name", pattern = "[a-z0-9_]{1,63}", help = "its name" },
    bytes    = input.integer { default = 1073741824, range = { 0, 1099511627776 }, help = "one that keeps less of the log is left alone" },
    pause    = input.integer { default = 10, range = { 1, 30 }, help = "seconds between two looks" },
  },

  triggers = { on.alert { name = { "PostgresqlUnusedReplicationSlot", "PGReplicationSlotsInactive" } } },
  rollout  = { first = 1, grow = 1, soak = "1m", max_failures = 0 },
  cooldown = "30m",

  -- Whoever uses it was away for a moment only: it is looked at twice.
  step "look" {
    timeout = "2m",
    uses = {
      ["postgres.replication"] = { database = equals("inputs.database"), slot = equals("inputs.slot") },
      ["host.cpu"]             = { seconds = equals("inputs.pause") },
    },
    run = function(ctx)
      local slot, text, code = slot_of(ctx)
      if not slot then
        return nil, text, code
      end
      if slot.slot and not slot.active then
        local paused, text, code = host.cpu { seconds = ctx.inputs.pause }
        if not paused then
          return nil, text, code
        end
        slot, text, code = slot_of(ctx)
        if not slot then
          return nil, text, code
        end
      end
      return { there = slot.slot ~= nil, active = slot.active, kind = slot.kind, kept_bytes = slot.kept_bytes, status = slot.status }
    end,
    -- Nobody is asked about one that is not dead.
    verify = function(ctx, seen)
      if not seen.there then
        return false, string.format("the server has no replication slot '%s'", ctx.inputs.slot)
      elseif seen.active then
        return false, string.format("slot '%s' is in use", ctx.inputs.slot)
      end
      return seen.kept_bytes >= ctx.inputs.bytes, string.format("slot '%s' keeps %d bytes of the log only", ctx.inputs.slot, seen.kept_bytes)
    end,
  },

  step "agree" {
    needs   = { "look" },
    approve = {
      role = "responder", text = "Drop the slot? Nobody uses it; a replica that did must be made anew", expires = "2h",
    },
  },

  step "drop" {
    needs   = { "agree" },
    timeout = "2m",
    uses = {
      ["postgres.drop_slot"] = {
        database = equals("inputs.database"), slot = equals("inputs.slot"), kept_bytes = equals("inputs.bytes"),
      },
      ["postgres.replication"] = { database = equals("inputs.database"), slot = equals("inputs.slot") },
    },

    run = function(ctx)
      return postgres.drop_slot { database = ctx.inputs.database, slot = ctx.inputs.slot, kept_bytes = ctx.inputs.bytes }
    end,

    verify = function(ctx)
      local slot, text, code = slot_of(ctx)
      if not slot then
        return nil, text, code
      end
      return slot.slot == nil, string.format("slot '%s' is there still", ctx.inputs.slot)
    end,
  },
}
