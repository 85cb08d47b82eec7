/* SPDX-License-Identifier: Apache-2.0 */
/* Stops, revokes and resumes: who may, what is kept, and what they cover; and what two officers may
 * say beside a resume. */
#include <assert.h>
#include <stdio.h>

#include "keys/trust_private.h"

#define OFFICERS_TOGETHER 2
#define RUN_DIGITS        12 /* of a run's hash, as people say it */

static int
read_backing(const trust_t *self, slice_t document, slice_t armors, purpose_t purpose, bool stored,
             backing_t *backing, fault_t *fault)
{
    return stored ? trust_backing_stored(self, document, armors, 1u << purpose, backing, fault)
                  : trust_backing(self, document, armors, 1u << purpose, backing, fault);
}

static size_t
count_roles(const backing_t *backing, unsigned roles)
{
    signers_t people = {0};
    for (size_t i = 0; i < backing->count; i++)
        if (backing->backer[i].line->roles & roles)
            signers_add(&people, backing->backer[i].line->person);
    return people.count;
}

static int
check_stopper(const backing_t *backing, halt_what_t what, fault_t *fault)
{
    unsigned roles = ROLE_OFFICER | (what == HALT_RUN ? ROLE_RESPONDER : 0u);
    if (!backing->count)
        return fault_set(fault, FAULT_QUORUM, "nobody signed it");
    if (!count_roles(backing, roles))
        return fault_set(fault, FAULT_ROLE, "'%s' who signed may not %s a %s: it takes an officer",
                         backing->backer[0].line->person, halt_revokes(what) ? "revoke" : "stop",
                         halt_word(what));
    return 0;
}

static int
check_officers(const backing_t *backing, fault_t *fault)
{
    size_t officers = count_roles(backing, ROLE_OFFICER);
    if (officers >= OFFICERS_TOGETHER)
        return 0;
    if (backing_check_role(backing, ROLE_OFFICER, fault))
        return -1;
    return fault_set(fault, FAULT_QUORUM, "%zu of the %d officers signed whom it needs", officers,
                     OFFICERS_TOGETHER);
}

static halt_line_t *
find(const trust_t *self, const hash_t *hash)
{
    for (size_t i = 0; i < self->halt_count; i++)
        if (hash_equal(&self->halts[i].hash, hash))
            return &self->halts[i];
    return NULL;
}

/* A stop, and the resume of it. */
static void
forget(trust_t *self, hash_t stop)
{
    size_t left = 0;
    for (size_t i = 0; i < self->halt_count; i++)
        if (!hash_equal(&self->halts[i].stop, &stop))
            self->halts[left++] = self->halts[i];
    self->halt_count = left;
}

static const halt_line_t *
oldest_lifted(const trust_t *self, bool revokes)
{
    const halt_line_t *oldest = NULL;
    for (size_t i = 0; i < self->halt_count; i++) {
        const halt_line_t *line = &self->halts[i];
        if (!line->resume && line->lifted && halt_revokes(line->what) == revokes &&
            (!oldest || line->created.ms < oldest->created.ms))
            oldest = line;
    }
    return oldest;
}

/* Responders' stops have their own room, so that they never keep out an officer's; so have revokes.
 */
static int
make_room(trust_t *self, halt_what_t what, fault_t *fault)
{
    bool revokes = halt_revokes(what);
    size_t kept = 0, runs = 0, most = revokes ? TRUST_REVOKES_MAX : TRUST_STOPS_MAX;
    for (size_t i = 0; i < self->halt_count; i++) {
        kept += !self->halts[i].resume && halt_revokes(self->halts[i].what) == revokes;
        runs += self->halts[i].what == HALT_RUN;
    }
    if (what == HALT_RUN && runs >= TRUST_RUN_STOPS_MAX)
        return fault_set(fault, FAULT_LIMIT, "over %d stops of runs", TRUST_RUN_STOPS_MAX);
    if (kept < most)
        return 0;
    const halt_line_t *oldest = oldest_lifted(self, revokes);
    if (!oldest)
        return fault_set(fault, FAULT_LIMIT, "over %zu %s: %s some of them", most,
                         revokes ? "revokes" : "stops", revokes ? "pardon" : "resume");
    forget(self, oldest->stop);
    return 0;
}

static void
keep(trust_t *self, const halt_line_t *line)
{
    self->halts =
        memory_grow(self->halts, self->halt_count, &self->halt_capacity, sizeof *self->halts);
    self->halts[self->halt_count++] = *line;
}

/* 1 where these bytes are kept already, 0 where they may be read, -1 fault. */
static int
meet(const trust_t *self, slice_t document, const char *type, fault_t *fault)
{
    hash_t hash = hash_of(document);
    if (trust_frame(self, document, type, fault))
        return -1;
    if (!self->people)
        return fault_set(fault, FAULT_NOT_FOUND, "%s: there are no people yet to judge it by",
                         type);
    return find(self, &hash) != NULL;
}

static int
keep_halt(trust_t *self, slice_t document, slice_t armors, const char *type, purpose_t purpose,
          bool stored, fault_t *fault)
{
    backing_t backing;
    int met = meet(self, document, type, fault);
    if (met)
        return met < 0 ? -1 : 0;
    if (read_backing(self, document, armors, purpose, stored, &backing, fault))
        return fault_wrap(fault, "%s", type);
    CLEANUP(stop_destroy) stop_t *stop = stop_decode(document, fault);
    if (!stop)
        return -1;
    if ((!stored && check_stopper(&backing, stop->what, fault)) ||
        make_room(self, stop->what, fault))
        return fault_wrap(fault, "%s", type);
    halt_line_t line = {.hash = hash_of(document),
                        .stop = hash_of(document),
                        .what = stop->what,
                        .created = stop->created,
                        .until = stop->until,
                        .who = backing_people(&backing)};
    text_copy(line.name, sizeof line.name, stop->name);
    text_copy(line.reason, sizeof line.reason, stop->reason);
    keep(self, &line);
    return 0;
}

int
trust_keep_stop(trust_t *self, slice_t document, slice_t armors, bool stored, fault_t *fault)
{
    return keep_halt(self, document, armors, "stop", SIGN_STOP, stored, fault);
}

void
trust_pardon(trust_t *self)
{
    for (size_t i = 0; i < self->halt_count; i++)
        if (halt_revokes(self->halts[i].what))
            self->halts[i].lifted = people_pardon(self->people, &self->halts[i].hash);
}

int
trust_keep_revoke(trust_t *self, slice_t document, slice_t armors, bool stored, fault_t *fault)
{
    if (keep_halt(self, document, armors, "revoke", SIGN_REVOKE, stored, fault))
        return -1;
    trust_pardon(self);
    trust_back_fleets(self);
    return 0;
}

static int
check_liftable(const halt_line_t *stop, fault_t *fault)
{
    if (!stop || stop->resume)
        return fault_set(fault, FAULT_NOT_FOUND, "no stop is kept that it would lift");
    if (stop->what == HALT_RUN)
        return fault_set(fault, FAULT_DENIED,
                         "a stopped run stays stopped: order another that continues it");
    if (halt_revokes(stop->what))
        return fault_set(fault, FAULT_DENIED, "what is revoked stays so until people pardon it");
    return 0;
}

int
trust_keep_resume(trust_t *self, slice_t document, slice_t armors, bool stored, fault_t *fault)
{
    backing_t backing;
    int met = meet(self, document, "resume", fault);
    if (met)
        return met < 0 ? -1 : 0;
    if ((!stored && trust_check_backed(self, fault)) ||
        read_backing(self, document, armors, SIGN_RESUME, stored, &backing, fault))
        return fault_wrap(fault, "resume");
    CLEANUP(resume_destroy) resume_t *resume = resume_decode(document, fault);
    if (!resume)
        return -1;
    halt_line_t *stop = find(self, &resume->stop);
    if (!stop && stored)
        return 0;
    if ((!stored && check_officers(&backing, fault)) || check_liftable(stop, fault))
        return fault_wrap(fault, "resume");
    if (stop->lifted)
        return 0;
    stop->lifted = true;
    halt_line_t line = *stop;
    line.hash = hash_of(document);
    line.resume = true;
    line.created = resume->created;
    line.who = backing_people(&backing);
    text_copy(line.reason, sizeof line.reason, resume->reason);
    keep(self, &line);
    return 0;
}

restart_t *
trust_check_restart(const trust_t *self, slice_t document, slice_t armors, signers_t *who,
                    fault_t *fault)
{
    backing_t backing;
    if (trust_frame(self, document, "restart", fault) || trust_check_backed(self, fault))
        return NULL;
    if (trust_backing(self, document, armors, 1u << SIGN_RESTART, &backing, fault) ||
        check_officers(&backing, fault)) {
        fault_wrap(fault, "restart");
        return NULL;
    }
    *who = backing_people(&backing);
    return restart_decode(document, fault);
}

int
trust_add_stop(trust_t *self, slice_t document, slice_t armors, fault_t *fault)
{
    return trust_keep_stop(self, document, armors, false, fault);
}

int
trust_add_resume(trust_t *self, slice_t document, slice_t armors, fault_t *fault)
{
    return trust_keep_resume(self, document, armors, false, fault);
}

const char *
halt_line_type(const halt_line_t *self)
{
    return self->resume ? "resume" : halt_revokes(self->what) ? "revoke" : "stop";
}

size_t
trust_halt_count(const trust_t *self)
{
    return self->halt_count;
}

bool
trust_keeps_halt(const trust_t *self, const hash_t *hash)
{
    return find(self, hash) != NULL;
}

const halt_line_t *
trust_halt(const trust_t *self, size_t index)
{
    return index < self->halt_count ? &self->halts[index] : NULL;
}

/* "the site is stopped by 'olaf': REASON". */
static int
say_stopped(const halt_line_t *line, fault_t *fault)
{
    char what[TEXT_NAME_MAX + 16] = "the site";
    const char *who = line->who.count ? line->who.person[0] : "somebody who left";
    if (line->what != HALT_SITE)
        snprintf(what, sizeof what, "%s '%.*s'", halt_word(line->what),
                 line->what == HALT_RUN ? RUN_DIGITS : TEXT_NAME_MAX, line->name);
    return fault_set(fault, FAULT_STOPPED, "%s is stopped by %s: %s", what, who, line->reason);
}

int
trust_check_halts(const trust_t *self, const hash_t *run, const char *playbook, const char *region,
                  fault_t *fault)
{
    char digits[HASH_TEXT];
    const char *const asked[HALT_COUNT] = {
        [HALT_RUN] = run ? hash_write(run, digits) : NULL,
        [HALT_PLAYBOOK] = playbook,
        [HALT_REGION] = region,
        [HALT_SITE] = "-",
    };
    for (size_t i = 0; i < self->halt_count; i++) {
        const halt_line_t *line = &self->halts[i];
        const char *name = asked[line->what];
        if (!line->resume && !line->lifted && name && !strcmp(name, line->name))
            return say_stopped(line, fault);
    }
    return 0;
}

int
trust_check_revoked(const trust_t *self, halt_what_t what, const char *name, fault_t *fault)
{
    assert(halt_revokes(what));
    for (size_t i = 0; name && i < self->halt_count; i++) {
        const halt_line_t *line = &self->halts[i];
        if (line->what != what || line->lifted || strcmp(line->name, name) != 0)
            continue;
        return fault_set(fault, FAULT_REVOKED, "%s '%.*s' was revoked by %s: %s", halt_word(what),
                         what == HALT_PERSON || what == HALT_WORKER ? TEXT_NAME_MAX : RUN_DIGITS,
                         name, line->who.count ? line->who.person[0] : "somebody who left",
                         line->reason);
    }
    return 0;
}

int
trust_check_revoked_hash(const trust_t *self, halt_what_t what, const hash_t *hash, fault_t *fault)
{
    char digits[HASH_TEXT];
    return trust_check_revoked(self, what, hash_write(hash, digits), fault);
}

int
trust_check_signer(const trust_t *self, const person_key_t *line, fault_t *fault)
{
    if (!self->halt_count)
        return 0;
    hash_t hash = pubkey_hash(&line->key);
    if (trust_check_revoked(self, HALT_PERSON, line->person, fault) ||
        trust_check_revoked_hash(self, HALT_KEY, &hash, fault))
        return -1;
    return 0;
}

void
trust_forget_stops(trust_t *self, const hash_t *run)
{
    char digits[HASH_TEXT];
    hash_write(run, digits);
    for (size_t i = 0; i < self->halt_count;) {
        const halt_line_t *line = &self->halts[i];
        if (line->what == HALT_RUN && !strcmp(line->name, digits))
            forget(self, line->stop);
        else
            i++;
    }
}

void
trust_forget_past(trust_t *self, wall_t now)
{
    for (size_t i = 0; i < self->halt_count;) {
        const halt_line_t *line = &self->halts[i];
        if (line->until.ms && line->until.ms < now.ms)
            forget(self, line->stop);
        else
            i++;
    }
}
