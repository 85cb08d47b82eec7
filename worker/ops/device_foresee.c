/* SPDX-License-Identifier: Apache-2.0 */
/* What would be typed on network devices, by what see-ops saw of them. */
#include <assert.h>

#include "common/file.h"
#include "worker/foresight.h"
#include "worker/ops/bodies.h"
#include "worker/ops/dialect.h"
#include "worker/ops/machine.h"

#define LINE_MAX_BYTES 256 /* of what is typed; longer words than arguments can be */

static value_t *
about(const value_t *arguments, const char *what)
{
    value_t *result = value_map();
    value_set_text(result, "device", value_get_text(arguments, "device"));
    if (what)
        value_set_text(result, what, value_get_text(arguments, what));
    return result;
}

/* Of the device, or NULL with FAULT_POLICY. */
static const dialect_t *
find_dialect(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    const char *name = value_get_text(arguments, "device");
    const network_device_t *device = policy_device(world->policy, name);
    const dialect_t *dialect = device ? dialect_find(device->dialect) : NULL;
    if (!dialect)
        fault_set(fault, FAULT_POLICY, "the policy of this machine has no device '%.63s'", name);
    return dialect;
}

/* One line of the foresight for each that would be typed. */
static void
foretell_lines(value_t *foresight, const value_t *arguments, const bytes_t *typed)
{
    char line[LINE_MAX_BYTES];
    for (const char *at = bytes_text(typed); line_next(&at, line, sizeof line);)
        foresight_comes(foresight, "typed on %.63s: %s", value_get_text(arguments, "device"), line);
}

/* What would be typed, where the state is to become another. */
static value_t *
foretell(const value_t *arguments, const op_world_t *world, verb_index_t index, bool was, bool on,
         fault_t *fault)
{
    const dialect_t *dialect = find_dialect(arguments, world, fault);
    if (!dialect)
        return NULL;
    CLEANUP(value_destroy) value_t *texts = dialect_texts(dialect, arguments, fault);
    const verb_t *verb = texts ? dialect_verb(dialect, index, texts, fault) : NULL;
    if (!verb)
        return NULL;
    value_set_text(texts, "place", value_get_text(world->seen, "place"));
    value_t *foresight = foresight_new();
    CLEANUP(bytes_destroy) bytes_t *typed = dialect_change(dialect, verb, on, texts);
    if (was != on)
        foretell_lines(foresight, arguments, typed);
    return foresight;
}

static value_t *
foretell_shut(const value_t *arguments, const op_world_t *world, const char *what,
              verb_index_t index, bool on, fault_t *fault)
{
    bool was = value_get_bool(world->seen, "shut");
    value_t *foresight = foretell(arguments, world, index, was, on, fault);
    if (!foresight)
        return NULL;
    value_t *result = about(arguments, what);
    value_set_bool(result, "shut", on);
    value_set_bool(result, "was_shut", was);
    if (value_get(arguments, "minutes") && !was)
        value_set_integer(result, "minutes", value_get_integer(arguments, "minutes"));
    return foresight_give(foresight, result);
}

value_t *
device_shut_foreseen(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    return foretell_shut(arguments, world, "interface", VERB_SHUT, true, fault);
}

value_t *
device_no_shut_foreseen(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    return foretell_shut(arguments, world, "interface", VERB_SHUT, false, fault);
}

value_t *
device_neighbour_down_foreseen(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    return foretell_shut(arguments, world, "neighbour", VERB_NEIGHBOUR, true, fault);
}

value_t *
device_neighbour_up_foreseen(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    return foretell_shut(arguments, world, "neighbour", VERB_NEIGHBOUR, false, fault);
}

static value_t *
foretell_clear(const value_t *arguments, const op_world_t *world, bool hard, fault_t *fault)
{
    const dialect_t *dialect = find_dialect(arguments, world, fault);
    const char *state = value_get_text(world->seen, "state");
    if (dialect && !hard && !value_get_bool(world->seen, "established")) {
        fault_set(fault, FAULT_FAILED, DIALECT_NO_SESSION, state);
        return NULL;
    }
    CLEANUP(value_destroy)
    value_t *texts = dialect ? dialect_texts(dialect, arguments, fault) : NULL;
    if (!texts)
        return NULL;
    CLEANUP(bytes_destroy) bytes_t *typed = dialect_clear(dialect, hard, texts);
    value_t *foresight = foresight_new(), *result = about(arguments, "neighbour");
    foretell_lines(foresight, arguments, typed);
    value_set_text(result, "was_state", state);
    return foresight_give(foresight, result);
}

value_t *
device_neighbour_clear_foreseen(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    return foretell_clear(arguments, world, false, fault);
}

value_t *
device_neighbour_reset_foreseen(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    return foretell_clear(arguments, world, true, fault);
}

static value_t *
foretell_entry(const value_t *arguments, const op_world_t *world, bool on, fault_t *fault)
{
    bool was = value_get_bool(world->seen, "there");
    if (on && value_get_bool(world->seen, "other")) {
        fault_set(fault, FAULT_CONFLICT, "another entry has that number");
        return NULL;
    }
    value_t *foresight = foretell(arguments, world, dialect_acl_verb(arguments), was, on, fault);
    if (!foresight)
        return NULL;
    value_t *result = about(arguments, "acl");
    value_set_integer(result, "sequence", value_get_integer(arguments, "sequence"));
    value_set_bool(result, "there", on);
    value_set_bool(result, "was_there", was);
    return foresight_give(foresight, result);
}

value_t *
device_acl_add_foreseen(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    return foretell_entry(arguments, world, true, fault);
}

value_t *
device_acl_remove_foreseen(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    return foretell_entry(arguments, world, false, fault);
}

/* One that is kept already stays the last. */
value_t *
device_backup_foreseen(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    const char *hash = value_get_text(world->seen, "sha256");
    int64_t bytes = value_get_integer(world->seen, "bytes");
    bool fresh = strcmp(hash, value_get_text(world->seen, "kept_sha256")) != 0;
    (void)fault;
    value_t *foresight = foresight_new(), *result = about(arguments, NULL);
    if (fresh)
        foresight_comes(foresight, "%.100s: the configuration of %.63s, %lld bytes",
                        policy_backups(world->policy), value_get_text(arguments, "device"),
                        (long long)bytes);
    value_set_text(result, "sha256", hash);
    value_set_integer(result, "bytes", bytes);
    value_set_integer(result, "at_ms",
                      fresh ? wall_now().ms : value_get_integer(world->seen, "kept_ms"));
    value_set_bool(result, "kept", fresh);
    return foresight_give(foresight, result);
}
