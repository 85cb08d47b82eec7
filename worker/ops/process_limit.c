/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <sys/resource.h>

#include "worker/foresight.h"
#include "worker/ops/asked.h"
#include "worker/ops/bodies.h"
#include "worker/ops/machine.h"
#include "worker/ops/process.h"

enum { SOFT, HARD };

typedef struct {
    proc_t process;
    int64_t were[2], become[2];
} limits_t;

/* Higher than the policy says of open_files a hard limit never gets. */
static int
check_hard(const limits_t *self, int64_t hard, fault_t *fault)
{
    int64_t least = self->become[SOFT];
    int64_t most = self->were[HARD] > least ? self->were[HARD] : least;
    if (hard < least || hard > most)
        return fault_set(
            fault, FAULT_ARGUMENT, "the hard limit of process %d may become %lld to %lld, not %lld",
            (int)self->process.pid, (long long)least, (long long)most, (long long)hard);
    return 0;
}

/* Finds the process, what its limits are and what they are to be. */
static int
find_limits(const value_t *arguments, const op_world_t *world, limits_t *out, fault_t *fault)
{
    int64_t most = machine_number(world, "/proc/sys/fs/nr_open");
    if (process_meant(arguments, world, &out->process, fault) ||
        process_open_files(&out->process, out->were, fault))
        return -1;
    out->become[SOFT] = value_get_integer(arguments, "open_files");
    if (most >= 0 && out->become[SOFT] > most)
        return fault_set(fault, FAULT_LIMIT,
                         "no process of this machine may have more than %lld files open: sysctl "
                         "fs.nr_open says so",
                         (long long)most);
    out->become[HARD] = out->become[SOFT] > out->were[HARD] ? out->become[SOFT] : out->were[HARD];
    out->become[HARD] = asked_or(arguments, "hard", out->become[HARD]);
    return check_hard(out, out->become[HARD], fault);
}

static value_t *
tell_limits(const limits_t *self, const value_t *arguments)
{
    value_t *result = value_map();
    value_set_text(result, "process", value_get_text(arguments, "process"));
    value_set_text(result, "name", value_get_text(arguments, "name"));
    value_set_integer(result, "open_files", self->become[SOFT]);
    value_set_integer(result, "hard", self->become[HARD]);
    value_set_integer(result, "previous", self->were[SOFT]);
    value_set_integer(result, "previous_hard", self->were[HARD]);
    return result;
}

value_t *
process_set_limit(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    limits_t limits;
    proc_t still;
    if (find_limits(arguments, world, &limits, fault) ||
        process_meant(arguments, world, &still, fault))
        return NULL;
    struct rlimit wanted = {.rlim_cur = (rlim_t)limits.become[SOFT],
                            .rlim_max = (rlim_t)limits.become[HARD]};
    if (prlimit(limits.process.pid, RLIMIT_NOFILE, &wanted, NULL)) {
        fault_errno(fault, "the limit of process %d cannot be set (with CAP_SYS_RESOURCE it could)",
                    (int)limits.process.pid);
        return NULL;
    }
    return tell_limits(&limits, arguments);
}

value_t *
process_set_limit_foreseen(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    limits_t limits;
    char name[128], texts[2][64];
    if (find_limits(arguments, world, &limits, fault))
        return NULL;
    snprintf(name, sizeof name, "process %d, %s, open files", (int)limits.process.pid,
             limits.process.name);
    snprintf(texts[0], sizeof texts[0], "%lld of %lld", (long long)limits.were[SOFT],
             (long long)limits.were[HARD]);
    snprintf(texts[1], sizeof texts[1], "%lld of %lld", (long long)limits.become[SOFT],
             (long long)limits.become[HARD]);
    value_t *foresight = foresight_new();
    foresight_turns(foresight, name, texts[0], texts[1]);
    return foresight_give(foresight, tell_limits(&limits, arguments));
}
