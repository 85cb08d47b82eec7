/* SPDX-License-Identifier: Apache-2.0 */
/* The machine's clock is set: moved by what is wrong, in one call, so that nothing is lost between
 * reading it and setting it. */
#include <stdlib.h>
#include <sys/timex.h>
#include <time.h>

#include "worker/foresight.h"
#include "worker/ops/asked.h"
#include "worker/ops/bodies.h"
#include "worker/ops/ntp.h"

#define LEAST_MS 100

static int
move_clock(int64_t offset_us, fault_t *fault)
{
    int64_t seconds = offset_us / 1000000 - (offset_us % 1000000 < 0);
    struct timex move = {.modes = ADJ_SETOFFSET | ADJ_NANO};
    move.time.tv_sec = (time_t)seconds;
    move.time.tv_usec = (suseconds_t)(offset_us - seconds * 1000000) * 1000;
    if (clock_adjtime(CLOCK_REALTIME, &move) < 0)
        return fault_errno(fault, "the clock cannot be set");
    return 0;
}

/* Asks the server, and whether the clock is to be set by its answer: what the way there and back
 * alone may explain is not wrong. NULL with a fault. */
static value_t *
ask(const value_t *arguments, ntp_answer_t *answer, fault_t *fault)
{
    int64_t most_ms = value_get_integer(arguments, "most_ms");
    int64_t least_ms = asked_or(arguments, "least_ms", LEAST_MS);
    if (ntp_ask(arguments, answer, fault))
        return NULL;
    int64_t wrong_us = llabs(answer->offset_us);
    if (wrong_us > most_ms * 1000) {
        fault_set(fault, FAULT_LIMIT,
                  "the clock is wrong by %lld ms, by that server's word, and may be set by at most "
                  "%lld",
                  (long long)answer->offset_us / 1000, (long long)most_ms);
        return NULL;
    }
    value_t *result = value_map();
    value_set_integer(result, "offset_ms", answer->offset_us / 1000);
    value_set_integer(result, "delay_ms", answer->delay_us / 1000);
    value_set_bool(result, "stepped", wrong_us >= least_ms * 1000 && wrong_us > answer->delay_us);
    return result;
}

value_t *
clock_step(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    ntp_answer_t answer;
    (void)world;
    CLEANUP(value_destroy) value_t *result = ask(arguments, &answer, fault);
    if (!result || (value_get_bool(result, "stepped") && move_clock(answer.offset_us, fault)))
        return NULL;
    return MOVE(result);
}

value_t *
clock_step_foreseen(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    ntp_answer_t answer;
    (void)world;
    value_t *result = ask(arguments, &answer, fault);
    if (!result)
        return NULL;
    value_t *foresight = foresight_new();
    long long by_ms = llabs(answer.offset_us) / 1000;
    if (value_get_bool(result, "stepped")) {
        foresight_goes(foresight, "the clock is %lld ms %s", by_ms,
                       answer.offset_us > 0 ? "behind" : "ahead");
        foresight_comes(foresight, "the clock, set %s by %lld ms",
                        answer.offset_us > 0 ? "forward" : "back", by_ms);
    }
    return foresight_give(foresight, result);
}
