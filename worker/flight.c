/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/flight.h"

#include <assert.h>

#include "wire/shape.h"
#include "worker/effector_private.h"
#include "worker/op_call.h"

void
flights_clear(flight_t flights[static EFFECTOR_FLIGHTS_MAX])
{
    for (size_t i = 0; i < EFFECTOR_FLIGHTS_MAX; i++)
        frames_destroy(&flights[i].asked);
}

/* ---- answers ----------------------------------------------------------------------------- */

static frames_t *
op_fault(const effector_t *self, const char *id, const fault_t *why)
{
    frames_t *answer = effector_answer("FAULT", id);
    effector_add_fault(answer, why);
    return effector_with_head(self, answer);
}

static frames_t *
op_result(const effector_t *self, const char *id, slice_t result)
{
    frames_t *answer = effector_answer("RESULT", id);
    frames_add(answer, result);
    return effector_with_head(self, answer);
}

/* What a fix-op of a dry run would give; empty where nobody can tell. */
static frames_t *
op_would(const effector_t *self, const char *id, slice_t result)
{
    frames_t *answer = effector_answer("WOULD", id);
    frames_add(answer, result);
    return effector_with_head(self, answer);
}

/* ---- what stands against it -------------------------------------------------------------- */

/* Its mandate holds and has it, its signers reach it, this machine allows it. */
static int
check_allowed(const effector_t *self, const op_call_t *call, fault_t *fault)
{
    lawbook_t by = effector_lawbook(self);
    if (mandate_check_still(call->mandate, &by, fault) ||
        mandate_check_act(call->mandate, &call->act, fault) ||
        mandate_check_class(call->mandate, &call->act, fault) ||
        (call->act.worst > CLASS_OBSERVE &&
         effector_check_beacon(self, call->mandate, call->act.worst, fault)))
        return -1;
    return policy_allows(self->place.policy, call->act.op, call->arguments, by.now, fault);
}

/* What is above observe on this machine begins when its policy says; but to undo: what was done
 * half is worse. */
static int
check_hours(const effector_t *self, const op_call_t *call, fault_t *fault)
{
    if (call->act.worst == CLASS_OBSERVE || call->act.phase == PHASE_UNDO)
        return 0;
    return policy_check_hours(self->place.policy, mandate_breaks_glass(call->mandate),
                              effector_now(self), fault);
}

/* What ends the machine ends what others do to it: of what was cut off by a reboot nobody knows
 * more than that. */
static int
check_alone(const effector_t *self, const op_call_t *call, fault_t *fault)
{
    char run[HASH_TEXT];
    for (size_t i = 0; call->act.op->ends_machine && i < EFFECTOR_FLIGHTS_MAX; i++) {
        const flight_t *at = &self->flights[i];
        if (!at->used || !at->fix)
            continue;
        const journal_entry_t *entry = journal_find(self->place.journal, &at->key);
        assert(entry);
        return fault_set(fault, FAULT_CONFLICT,
                         "%s of run %.12s (%s) is under way on this machine and would be cut off: "
                         "order it again once that ended",
                         at->op->name, hash_write(&entry->run, run), entry->playbook);
    }
    return 0;
}

static int
check_start(const effector_t *self, const op_call_t *call, fault_t *fault)
{
    lawbook_t by = effector_lawbook(self);
    if (!journal_reaches(self->place.journal, &call->head))
        return fault_set(fault, FAULT_UNKNOWN,
                         "the journal does not reach what the judge recorded: it lost records");
    if (check_allowed(self, call, fault) ||
        mandate_check_time(call->mandate, &call->act, &by, fault) ||
        check_hours(self, call, fault) || check_alone(self, call, fault))
        return -1;
    pace_act_t act = {.op = call->act.op,
                      .playbook = mandate_playbook(call->mandate),
                      .run = mandate_run(call->mandate),
                      .orderers = mandate_orderers(call->mandate),
                      .undoes = call->act.phase == PHASE_UNDO ? call->act.step : NULL};
    return pace_check(policy_pace(self->place.policy), &act, self->place.journal, by.now, fault);
}

/* ---- its beginning ----------------------------------------------------------------------- */

static int
find_flight(effector_t *self, const op_call_t *call, size_t *flight, fault_t *fault)
{
    bool fix = op_call_is_fix(call), found = false;
    for (size_t i = 0; i < EFFECTOR_FLIGHTS_MAX; i++) {
        const flight_t *at = &self->flights[i];
        if (at->used && at->fix && fix && hash_equal(&at->key, &call->key))
            return fault_set(fault, FAULT_CONFLICT, "this very op is running");
        if (!at->used && !found) {
            *flight = i;
            found = true;
        }
    }
    return found
               ? 0
               : fault_set(fault, FAULT_LIMIT, "%d ops are running already", EFFECTOR_FLIGHTS_MAX);
}

static flight_t *
take_off(effector_t *self, const op_call_t *call, size_t flight)
{
    flight_t *at = &self->flights[flight];
    frames_destroy(&at->asked);
    *at =
        (flight_t){.used = true, .fix = op_call_is_fix(call), .op = call->act.op, .key = call->key};
    text_copy(at->id, sizeof at->id, call->id);
    if (at->op->again == AGAIN_PROBE) {
        at->asked = frames_new();
        for (size_t i = 0; i < call->message->count; i++)
            frames_add(at->asked, frames_at(call->message, i));
    }
    return at;
}

/* 0 whether the op was started or failed at once, which the journal then has. */
static int
launch(effector_t *self, const op_call_t *call, size_t flight, frames_t **answer, fault_t *fault)
{
    bool fix = take_off(self, call, flight)->fix;
    fault_t why = {0};
    if (!self->place.io.start(self->place.io.self, flight, call->act.op, call->arguments,
                              fix ? &call->key : NULL, &why))
        return 0;
    return effector_ended(self, flight, NULL, &why, answer, fault);
}

static int
begin(effector_t *self, const op_call_t *call, fault_t *fault)
{
    journal_entry_t entry = {
        .key = call->key,
        .run = *mandate_run(call->mandate),
        .release = *mandate_release(call->mandate, call->act.step),
        .authority = *mandate_authority(call->mandate),
        .arguments = call->arguments_hash,
        .begun = effector_now(self),
    };
    wall_t from = mandate_from(call->mandate);
    if (entry.begun.ms < from.ms) /* the clock has gone back since */
        entry.begun = from;
    text_copy(entry.step, sizeof entry.step, call->act.step);
    text_copy(entry.op, sizeof entry.op, call->act.op->name);
    text_copy(entry.playbook, sizeof entry.playbook, mandate_playbook(call->mandate));
    return journal_begin(self->place.journal, &entry, fault);
}

static frames_t *
recorded(const effector_t *self, const op_call_t *call, const journal_entry_t *known)
{
    if (!strcmp(known->code, "ok"))
        return op_result(self, call->id, bytes_slice(known->result));
    fault_t why = {0};
    CLEANUP(value_destroy) value_t *text = value_decode(bytes_slice(known->result), &why);
    fault_set(&why, fault_of(known->code), "%s", text ? value_string(text) : "");
    return op_fault(self, call->id, &why);
}

/* BEGIN without END: whether it may be tried again under the same key, or looked for. Whatever
 * stands against that now, a stop too, does not tell whether it happened then. */
static int
check_again(const effector_t *self, const op_call_t *call, fault_t *fault)
{
    fault_t why = {0};
    if (self->place.io.end_last(self->place.io.self, &call->key, &why))
        return fault_set(fault, FAULT_UNKNOWN, "%s was cut off, and its last try lives on: %s",
                         call->act.op->name, why.text);
    if (call->act.op->again == AGAIN_NEVER)
        return fault_set(fault, FAULT_UNKNOWN,
                         "%s was cut off; nobody can know whether it happened", call->act.op->name);
    if (call->act.op->again == AGAIN_IDEMPOTENT && check_allowed(self, call, &why))
        return fault_set(fault, FAULT_UNKNOWN, "%s was cut off and may not be repeated: %s",
                         call->act.op->name, why.text);
    return 0;
}

/* A process of its own looks whether the flight's fix happened. */
static int
look(effector_t *self, size_t flight, frames_t **answer, fault_t *fault)
{
    const effector_io_t *io = &self->place.io;
    flight_t *at = &self->flights[flight];
    fault_t why = {0};
    CLEANUP(value_destroy) value_t *arguments = value_decode(frames_at(at->asked, 8), NULL);
    CLEANUP(value_destroy) value_t *given = op_probe_arguments(at->op, arguments);
    at->used = at->looks = true;
    if (!io->look(io->self, flight, op_find(at->op->probe->op), given, &at->key, &at->begun, &why))
        return 0;
    return effector_ended(self, flight, NULL, &why, answer, fault);
}

static int
on_fix(effector_t *self, const op_call_t *call, size_t flight, frames_t **answer, fault_t *fault)
{
    const journal_entry_t *known = journal_find(self->place.journal, &call->key);
    fault_t why = {0};
    if (known && (strcmp(known->op, call->act.op->name) != 0 ||
                  !hash_equal(&known->arguments, &call->arguments_hash)))
        fault_set(&why, FAULT_UNKNOWN, "another op, or one with other arguments, has this key");
    else if (known && known->ended)
        *answer = recorded(self, call, known);
    else if (!(known ? check_again(self, call, &why)
                     : check_start(self, call, &why) || begin(self, call, &why))) {
        if (!known || call->act.op->again != AGAIN_PROBE)
            return launch(self, call, flight, answer, fault);
        take_off(self, call, flight);
        return look(self, flight, answer, fault);
    }
    if (journal_is_broken(self->place.journal))
        return fault_set(fault, why.code, "%s", why.text);
    if (!*answer)
        *answer = op_fault(self, call->id, &why);
    return 0;
}

/* Nothing of a dry run comes near io.start but what observes. */
static int
on_dry(effector_t *self, const op_call_t *call, size_t flight, frames_t **answer, fault_t *fault)
{
    const op_t *op = call->act.op;
    const effector_io_t *io = &self->place.io;
    lawbook_t by = effector_lawbook(self);
    fault_t why = {0};
    if (mandate_check_still(call->mandate, &by, &why) ||
        mandate_check_act(call->mandate, &call->act, &why) ||
        policy_allows(self->place.policy, op, call->arguments, by.now, &why)) {
        *answer = op_fault(self, call->id, &why);
        return 0;
    }
    if (!op->foretold) {
        *answer = op_would(self, call->id, slice_of(NULL, 0));
        return 0;
    }
    flight_t *at = take_off(self, call, flight);
    at->foreseen = true;
    at->fix = false; /* nothing of it stands in the journal */
    if (!io->foresee(io->self, flight, op, call->arguments, &why))
        return 0;
    return effector_ended(self, flight, NULL, &why, answer, fault);
}

int
flight_on_op(effector_t *self, const frames_t *message, frames_t **answer, fault_t *fault)
{
    CLEANUP(op_call_clear)
    op_call_t call = {.message = message, .id = frames_text(message, 1)};
    size_t flight = 0;
    fault_t why = {0};
    call.mandate = effector_mandate(self, frames_text(message, 2), &why);
    if (call.mandate && !op_call_read(&call, &self->place, message, &why) &&
        !find_flight(self, &call, &flight, &why)) {
        call.act.worst = policy_class(self->place.policy, call.act.op, call.arguments);
        if (op_call_is_fix(&call) && mandate_is_dry(call.mandate))
            return on_dry(self, &call, flight, answer, fault);
        if (op_call_is_fix(&call))
            return on_fix(self, &call, flight, answer, fault);
        if (!check_allowed(self, &call, &why) && !check_hours(self, &call, &why))
            return launch(self, &call, flight, answer, fault);
    }
    *answer = op_fault(self, call.id, &why);
    return 0;
}

int
flight_on_end(effector_t *self, const frames_t *message, frames_t **answer, fault_t *fault)
{
    (void)answer;
    (void)fault;
    for (size_t i = 0; i < EFFECTOR_FLIGHTS_MAX; i++)
        if (self->flights[i].used && !strcmp(self->flights[i].id, frames_text(message, 1)))
            self->place.io.cut(self->place.io.self, i);
    return 0;
}

/* ---- its end ----------------------------------------------------------------------------- */

/* Of a failure the journal keeps the text, as a value. */
static int
write_end(effector_t *self, const hash_t *key, const value_t *result, const fault_t *why,
          fault_t *fault)
{
    CLEANUP(bytes_destroy) bytes_t *encoded = bytes_new();
    CLEANUP(value_destroy) value_t *text = result ? NULL : value_text(why->text);
    value_encode(result ? result : text, encoded);
    return journal_end(self->place.journal, key, result ? "ok" : fault_word(why->code),
                       bytes_slice(encoded), effector_now(self), fault);
}

static bool
was_cut(const fault_t *why)
{
    return why->code == FAULT_TIMEOUT || why->code == FAULT_UNKNOWN;
}

/* What was cut off or died may have happened: unknown where it must not be run again. */
static const fault_t *
judge_end(const flight_t *flight, const fault_t *why, fault_t *said)
{
    if (flight->fix && flight->op->again == AGAIN_NEVER && was_cut(why))
        fault_set(said, FAULT_UNKNOWN, "%s; nobody can know whether it happened", why->text);
    else if (why->code == FAULT_UNKNOWN)
        fault_set(said, FAULT_FAILED, "%s", why->text);
    return said->code ? said : why;
}

/* A flight is over: result, or why there is none. */
static int
land(effector_t *self, flight_t *at, const value_t *result, const fault_t *why, frames_t **answer,
     fault_t *fault)
{
    frames_destroy(&at->asked);
    if (at->fix && write_end(self, &at->key, result, why, fault))
        return -1;
    if (!result) {
        *answer = op_fault(self, at->id, why);
        return 0;
    }
    CLEANUP(bytes_destroy) bytes_t *encoded = bytes_new();
    value_encode(result, encoded);
    *answer = (at->foreseen ? op_would : op_result)(self, at->id, bytes_slice(encoded));
    return 0;
}

/* ---- what looking for a fix says ----------------------------------------------------------- */

/* It did not happen, and does so now where all that allowed it still does. */
static int
repeat(effector_t *self, size_t flight, frames_t **answer, fault_t *fault)
{
    flight_t *at = &self->flights[flight];
    CLEANUP(frames_destroy) frames_t *asked = MOVE(at->asked);
    CLEANUP(op_call_clear) op_call_t call = {.message = asked, .id = frames_text(asked, 1)};
    fault_t why = {0}, said = {0};
    call.mandate = effector_mandate(self, frames_text(asked, 2), &why);
    if (call.mandate && !op_call_read(&call, &self->place, asked, &why)) {
        call.act.worst = policy_class(self->place.policy, call.act.op, call.arguments);
        if (!check_allowed(self, &call, &why))
            return launch(self, &call, flight, answer, fault);
    }
    fault_set(&said, why.code, "%s was cut off before it happened, and may not be repeated: %s",
              at->op->name, why.text);
    return land(self, at, NULL, &said, answer, fault);
}

/* What the probe makes of what was seen, the fix's own result where it happened. Who saw it is
 * believed no more than who acts. */
static probe_verdict_t
conclude(const flight_t *at, const value_t *seen, value_t *result)
{
    const op_t *op = at->op;
    fault_t ignored;
    CLEANUP(bytes_destroy) bytes_t *encoded = bytes_new();
    CLEANUP(value_destroy) value_t *arguments = value_decode(frames_at(at->asked, 8), NULL);
    probe_verdict_t verdict = op->probe->tells(seen, arguments, at->begun, result);
    value_set_bool(result, "probed", true);
    value_encode(result, encoded);
    bool fits = encoded->size <= op->result_bytes_max && !shape_check(op->result, result, &ignored);
    return verdict == PROBE_HAPPENED && !fits ? PROBE_CANNOT_TELL : verdict;
}

static int
settle(effector_t *self, size_t flight, const value_t *seen, const fault_t *why, frames_t **answer,
       fault_t *fault)
{
    flight_t *at = &self->flights[flight];
    fault_t said = {0};
    CLEANUP(value_destroy) value_t *result = value_map();
    probe_verdict_t verdict = seen ? conclude(at, seen, result) : PROBE_CANNOT_TELL;
    if (verdict == PROBE_HAPPENED)
        return land(self, at, result, NULL, answer, fault);
    if (verdict == PROBE_DID_NOT && !at->cut.code)
        return repeat(self, flight, answer, fault);
    if (verdict == PROBE_DID_NOT)
        fault_set(&said, at->cut.code == FAULT_TIMEOUT ? FAULT_TIMEOUT : FAULT_FAILED,
                  "%s; it did not happen", at->cut.text);
    else
        fault_set(&said, FAULT_UNKNOWN,
                  "%s was cut off; nobody can know whether it happened, and %s does not tell%s%s",
                  at->op->name, at->op->probe->op, seen ? "" : ": ", seen ? "" : why->text);
    return land(self, at, NULL, &said, answer, fault);
}

int
effector_ended(effector_t *self, size_t flight, const value_t *result, const fault_t *why,
               frames_t **answer, fault_t *fault)
{
    assert(flight < EFFECTOR_FLIGHTS_MAX && self->flights[flight].used);
    assert(result || why->code);
    flight_t *at = &self->flights[flight];
    fault_t said = {0};
    at->used = false;
    *answer = NULL;
    if (at->looks)
        return settle(self, flight, result, why, answer, fault);
    if (!result && at->fix && at->op->again == AGAIN_PROBE && was_cut(why)) {
        at->cut = *why;
        return look(self, flight, answer, fault);
    }
    return land(self, at, result, result ? NULL : judge_end(at, why, &said), answer, fault);
}
