/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/offer.h"

#include <stdio.h>

#include "keys/receipts.h"
#include "wire/message.h"
#include "worker/gather.h"

int
offer_read(offer_t *self, const frames_t *frames, fault_t *fault)
{
    const char *kind = frames_text(frames, OFFER_KIND);
    *self = (offer_t){.by_grant = !strcmp(kind, "grant")};
    if (!hash_read(frames_text(frames, OFFER_RUN), &self->run) ||
        !hash_read(frames_text(frames, OFFER_RELEASE), &self->release) ||
        (!self->by_grant && strcmp(kind, "order") != 0))
        return fault_set(fault, FAULT_FORMAT, "an OFFER without a run, a kind or a release hash");
    self->frames = frames_new();
    for (size_t i = 0; i < frames->count; i++)
        frames_add(self->frames, frames_at(frames, i));
    return 0;
}

void
offer_clear(offer_t *self)
{
    frames_destroy(&self->frames);
    brief_clear(&self->brief);
}

bool
offer_same(const offer_t *self, const offer_t *other)
{
    bool same = self->frames->count == other->frames->count;
    for (size_t i = 0; same && i < self->frames->count; i++)
        same = slice_equal(frames_at(self->frames, i), frames_at(other->frames, i));
    return same;
}

slice_t
offer_evidence(const offer_t *self)
{
    return frames_at(self->frames, self->by_grant ? OFFER_ALERT : OFFER_AUTHORITY);
}

/* One that was accepted is judged as of then, also by a clock that has gone back since.
 * worker NULL asks whether it holds for no worker in particular. */
static warrant_t *
prove(const offer_t *self, trust_t *trust, const kept_release_t *release, const char *worker,
      wall_t now, fault_t *fault)
{
    proof_t proof = {
        .by_grant = self->by_grant,
        .authority = frames_at(self->frames, OFFER_AUTHORITY),
        .authority_armors = frames_at(self->frames, OFFER_ARMORS),
        .alert = frames_at(self->frames, OFFER_ALERT),
        .alert_armors = frames_at(self->frames, OFFER_ALERT_ARMOR),
        .release = bytes_slice(release->document),
        .release_armors = bytes_slice(release->armors),
        .place = frames_at(self->frames, OFFER_PLACE),
        .accepted = self->accepted,
    };
    wall_t at = now.ms < self->accepted.ms ? self->accepted : now;
    CLEANUP(warrant_destroy) warrant_t *warrant = trust_check(trust, &proof, worker, at, fault);
    if (warrant && !hash_equal(&warrant->run, &self->run)) {
        fault_set(fault, FAULT_FORMAT, "the offer's run is not the hash of what it carries");
        return NULL;
    }
    return MOVE(warrant);
}

bool
is_about_signatures(fault_code_t code)
{
    return code == FAULT_SIGNATURE || code == FAULT_NAMESPACE || code == FAULT_KEY ||
           code == FAULT_TOUCH || code == FAULT_PIN || code == FAULT_ROLE || code == FAULT_QUORUM;
}

/* One of the releases that the order lists besides its own. */
static int
add_callee(offer_t *self, const examiner_t *by, const hash_t *hash, fault_t *fault)
{
    CLEANUP(kept_release_clear) kept_release_t kept = {0};
    fault_t why = {0};
    if (ledger_get_release(by->ledger, hash, &kept, fault))
        return -1;
    CLEANUP(release_destroy)
    release_t *release = kept.document ? trust_check_callee(by->trust, self->brief.warrant,
                                                            bytes_slice(kept.document),
                                                            bytes_slice(kept.armors), &why)
                                       : NULL;
    if (!kept.document || (!release && is_about_signatures(why.code))) {
        self->missing[self->missing_count++] = *hash;
        return 0;
    }
    if (!release)
        return fault_set(fault, why.code, "%s", why.text);
    return brief_add(&self->brief, release, &kept, fault);
}

static int
add_callees(offer_t *self, const examiner_t *by, fault_t *fault)
{
    const order_t *order = self->brief.warrant->order;
    for (size_t i = 0; order && i < order->release_count; i++)
        if (!hash_equal(&order->releases[i].hash, order_release(order)) &&
            add_callee(self, by, &order->releases[i].hash, fault))
            return -1;
    return 0;
}

static int
check_budget(const warrant_t *warrant, const examiner_t *by, wall_t now, fault_t *fault)
{
    uint64_t count = 0;
    if (!warrant->grant)
        return 0;
    wall_t since = {now.ms - (int64_t)warrant->grant->budget_s * 1000};
    if (ledger_count_grant(by->ledger, &warrant->authority, since, &count, fault))
        return -1;
    for (size_t i = 0; i < by->other_count; i++) {
        const warrant_t *other = by->others[i].brief.warrant;
        count += other && hash_equal(&other->authority, &warrant->authority);
    }
    if (count >= warrant->grant->budget_runs)
        return fault_set(fault, FAULT_BUDGET, "the grant allows %llu runs within %llu s here",
                         (unsigned long long)warrant->grant->budget_runs,
                         (unsigned long long)warrant->grant->budget_s);
    return 0;
}

/* The target of that wave that this item proves an ok of; NULL where it proves none. */
static const target_line_t *
proved_target(const warrant_t *warrant, const trust_t *trust, const value_t *item, wall_t *ended)
{
    const value_t *document = value_get(item, "document");
    const value_t *armor = value_get(item, "armor");
    if (!document || !armor)
        return NULL;
    fault_t ignored = {0};
    CLEANUP(receipt_destroy) receipt_t *receipt = receipt_decode(value_slice(document), &ignored);
    if (!receipt)
        return NULL;
    const worker_line_t *worker = trust_worker(trust, receipt->worker, NULL);
    const target_line_t *target = order_target(warrant->order, receipt->worker);
    if (!worker || trust_check_revoked(trust, HALT_WORKER, receipt->worker, NULL) || !target ||
        target->wave != warrant->before || receipt->part != OUTCOME_OK ||
        !hash_equal(&receipt->run, &warrant->run) ||
        receipts_check(value_slice(document), value_slice(armor), &worker->key, NULL, &ignored))
        return NULL;
    *ended = receipt->ended;
    return target;
}

/* How many targets of the wave before are proved ok, and soaked. */
static size_t
count_proved(const warrant_t *warrant, const trust_t *trust, const value_t *list, wall_t now)
{
    const target_line_t *proved[ORDER_WAVE_MAX];
    size_t count = 0;
    for (size_t i = 0; i < value_count(list) && count < ORDER_WAVE_MAX; i++) {
        wall_t ended = {0};
        const target_line_t *target = proved_target(warrant, trust, value_at(list, i), &ended);
        bool again = false;
        for (size_t j = 0; j < count; j++)
            again = again || proved[j] == target;
        if (target && !again && ended.ms + (int64_t)warrant->order->soak_s * 1000 <= now.ms)
            proved[count++] = target;
    }
    return count;
}

/* At least size - max_failures ok receipts of the wave before, or of the gate, soaked. */
static int
check_wave(const offer_t *self, const trust_t *trust, wall_t now, fault_t *fault)
{
    const warrant_t *warrant = self->brief.warrant;
    const order_t *order = warrant->order;
    if (!order || !warrant->before)
        return 0;
    fault_t why = {0};
    CLEANUP(value_destroy)
    value_t *list = value_decode(frames_at(self->frames, OFFER_RECEIPTS), &why);
    if (!list)
        return fault_set(fault, FAULT_PROOF, "receipts of the wave before: %s", why.text);
    size_t size = 0, good = count_proved(warrant, trust, list, now);
    for (size_t i = 0; i < order->target_count; i++)
        size += order->targets[i].wave == warrant->before;
    if (good + warrant->order->max_failures < size)
        return fault_set(fault, FAULT_PROOF,
                         "wave %u needs %zu soaked ok receipts of wave %u, and has %zu",
                         warrant->wave, size - warrant->order->max_failures, warrant->before, good);
    return 0;
}

/* What the ledger has to say. */
static int
check_past(const offer_t *self, const examiner_t *by, wall_t now, fault_t *fault)
{
    const warrant_t *warrant = self->brief.warrant;
    past_t past = {by->ledger, by->worker, by->sealing};
    if (warrant->order && history_check(warrant->order, &past, fault))
        return -1;
    return check_budget(warrant, by, now, fault) || check_wave(self, by->trust, now, fault) ? -1
                                                                                            : 0;
}

/* The receipts that others gave, less those that did not count: so that the ledger keeps nothing
 * that would count once it is read again without its signatures. */
static void
keep_counted(offer_t *self, const bytes_t *counted)
{
    frames_t *frames = frames_new();
    for (size_t i = 0; i < self->frames->count; i++)
        frames_add(frames, i == OFFER_RECEIPTS ? bytes_slice(counted) : frames_at(self->frames, i));
    frames_destroy(&self->frames);
    self->frames = frames;
}

/* What steps that run once see of the others. */
static int
gather(offer_t *self, const trust_t *trust, fault_t *fault)
{
    brief_t *brief = &self->brief;
    CLEANUP(bytes_destroy) bytes_t *counted = bytes_new();
    brief->all = gather_read(brief->scripts[0].manifest, brief->warrant, brief_key(brief),
                             frames_at(self->frames, OFFER_RECEIPTS), trust, counted, fault);
    if (brief->all && counted->size)
        keep_counted(self, counted);
    return brief->all ? 0 : -1;
}

int
offer_examine(offer_t *self, const examiner_t *by, const kept_release_t *release, wall_t now,
              fault_t *fault)
{
    brief_t *brief = &self->brief;
    fault_t ignored = {0};
    brief_clear(brief);
    self->missing_count = 0;
    brief->warrant = prove(self, by->trust, release, by->worker, now, fault);
    if (!brief->warrant) { /* an order for others is somebody's valid order all the same */
        if (fault->code == FAULT_TARGET)
            brief->warrant = prove(self, by->trust, release, NULL, now, &ignored);
        return -1;
    }
    if (brief_add(brief, brief->warrant->release, release, fault) || add_callees(self, by, fault))
        return -1;
    if (self->missing_count)
        return 0;
    if (brief_plan(brief, fault) || brief_open(brief, by->worker, by->sealing, fault))
        return -1;
    if (!self->accepted.ms && check_past(self, by, now, fault))
        return -1;
    return gather(self, self->accepted.ms ? NULL : by->trust, fault);
}

frames_t *
offer_warrant(const offer_t *self, const kept_release_t *release)
{
    fault_t ignored;
    CLEANUP(value_destroy) value_t *files = value_decode(bytes_slice(release->files), &ignored);
    const value_t *manifest = value_get(files, "manifest");
    if (!manifest)
        return NULL;
    frames_t *frames = frames_new();
    frames_add_text(frames, "WARRANT");
    for (size_t i = OFFER_RUN; i <= OFFER_ALERT_ARMOR; i++)
        frames_add(frames, frames_at(self->frames, i));
    frames_add(frames, bytes_slice(release->document));
    frames_add(frames, bytes_slice(release->armors));
    frames_add(frames, value_slice(manifest));
    frames_add(frames, frames_at(self->frames, OFFER_PLACE));
    return frames;
}

frames_t *
offer_over(const hash_t *run)
{
    char text[HASH_TEXT];
    frames_t *frames = frames_new();
    frames_add_text(frames, "OVER");
    frames_add_text(frames, "over");
    frames_add_text(frames, hash_write(run, text));
    return frames;
}

frames_t *
offer_callee(const offer_t *self, size_t scene)
{
    const scene_t *at = &self->brief.scenes[scene];
    const script_t *script = &self->brief.scripts[at->script];
    char id[HASH_TEXT + 16];
    CLEANUP(bytes_destroy) bytes_t *manifest = bytes_new();
    manifest_encode(script->manifest, manifest);
    snprintf(id, sizeof id, "callee %s", frames_text(self->frames, OFFER_RUN));
    frames_t *frames = frames_new();
    frames_add_text(frames, "CALLEE");
    frames_add_text(frames, id);
    frames_add(frames, frames_at(self->frames, OFFER_RUN));
    frames_add_text(frames, at->path);
    frames_add(frames, bytes_slice(script->document));
    frames_add(frames, bytes_slice(script->armors));
    frames_add(frames, bytes_slice(manifest));
    return frames;
}
