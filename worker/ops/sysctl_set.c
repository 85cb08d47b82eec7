/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/foresight.h"
#include "worker/ops/bodies.h"
#include "worker/ops/sysctl.h"

#define PREVIOUS_MAX 60 /* so that it can be given back */

static value_t *
turn(const value_t *arguments, const op_world_t *world, bool writes, fault_t *fault)
{
    const char *key = value_get_text(arguments, "key"), *value = value_get_text(arguments, "value");
    const char *was = value_get(arguments, "was") ? value_get_text(arguments, "was") : NULL;
    char now[PREVIOUS_MAX + 2];
    if (sysctl_read(world, key, now, sizeof now, fault))
        return NULL;
    if (was && strcmp(now, was) != 0 && strcmp(now, value) != 0) {
        fault_set(fault, FAULT_CONFLICT,
                  "kernel parameter '%.80s' is '%.60s', neither this nor "
                  "what it was to be",
                  key, now);
        return NULL;
    }
    if (writes && strcmp(now, value) != 0 && sysctl_write(world, key, value, fault))
        return NULL;
    value_t *result = value_map();
    value_set_text(result, "key", key);
    value_set_text(result, "value", value);
    value_set_text(result, "previous", was ? was : now);
    if (writes)
        return result;
    value_t *foresight = foresight_new();
    foresight_turns(foresight, key, now, value);
    return foresight_give(foresight, result);
}

value_t *
sysctl_set(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    return turn(arguments, world, true, fault);
}

value_t *
sysctl_set_foreseen(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    return turn(arguments, world, false, fault);
}
