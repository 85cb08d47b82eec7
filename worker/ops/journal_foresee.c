/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/foresight.h"
#include "worker/ops/bodies.h"

/* By what journal.usage saw. Whole files go, and the one that is written to stays: it is about so
 * much. */
value_t *
journal_vacuum_foreseen(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    int64_t before = value_get_integer(world->seen, "bytes");
    int64_t keep = value_get_integer(arguments, "keep_bytes");
    int64_t after = before < keep ? before : keep;
    (void)fault;
    value_t *foresight = foresight_new(), *result = value_map();
    if (after < before) {
        foresight_goes(foresight, "the journal: %lld bytes", (long long)before);
        foresight_comes(foresight, "the journal: about %lld bytes, without the oldest",
                        (long long)after);
    }
    value_set_integer(result, "bytes", after);
    value_set_integer(result, "freed_bytes", before - after);
    return foresight_give(foresight, result);
}
