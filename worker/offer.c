/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/offer.h"

#include "wire/bundle.h"
#include "wire/message.h"

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

slice_t
offer_evidence(const offer_t *self)
{
    return frames_at(self->frames, self->by_grant ? OFFER_ALERT : OFFER_AUTHORITY);
}

/* worker NULL asks whether it holds for no worker in particular. */
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
        .accepted = self->accepted,
    };
    CLEANUP(warrant_destroy) warrant_t *warrant = trust_check(trust, &proof, worker, now, fault);
    if (warrant && !hash_equal(&warrant->run, &self->run)) {
        fault_set(fault, FAULT_FORMAT, "the offer's run is not the hash of what it carries");
        return NULL;
    }
    return MOVE(warrant);
}

static int
read_files(const release_t *release, const value_t *files, brief_t *brief, fault_t *fault)
{
    brief->manifest = bundle_check(release, files, fault);
    if (!brief->manifest)
        return -1;
    brief->playbook = bytes_copy(value_slice(value_get(files, "playbook.lua")));
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

/* The target of the wave before that this item proves an ok of; NULL where it proves none. */
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
    if (!worker || !target || target->wave + 1 != warrant->wave || receipt->part != OUTCOME_OK ||
        !hash_equal(&receipt->run, &warrant->run) ||
        receipt_check(value_slice(document), value_slice(armor), &worker->key, &ignored))
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

/* At least size - max_failures ok receipts of the wave before, soaked. */
static int
check_wave(const offer_t *self, const trust_t *trust, wall_t now, fault_t *fault)
{
    const warrant_t *warrant = self->brief.warrant;
    if (!warrant->order || warrant->wave <= 1)
        return 0;
    CLEANUP(value_destroy)
    value_t *list = value_decode(frames_at(self->frames, OFFER_RECEIPTS), fault);
    if (!list)
        return fault_wrap(fault, "receipts of the wave before");
    size_t size = 0, good = count_proved(warrant, trust, list, now);
    for (size_t i = 0; i < warrant->order->target_count; i++)
        size += warrant->order->targets[i].wave + 1 == warrant->wave;
    if (good + warrant->order->max_failures < size)
        return fault_set(
            fault, FAULT_PROOF, "wave %u needs %zu soaked ok receipts of wave %u, and has %zu",
            warrant->wave, size - warrant->order->max_failures, warrant->wave - 1, good);
    return 0;
}

int
offer_examine(offer_t *self, const examiner_t *by, const kept_release_t *release, wall_t now,
              fault_t *fault)
{
    brief_t *brief = &self->brief;
    fault_t ignored = {0};
    CLEANUP(value_destroy) value_t *files = value_decode(bytes_slice(release->files), fault);
    if (!files)
        return fault_wrap(fault, "files of the release");
    brief->warrant = prove(self, by->trust, release, by->worker, now, fault);
    if (!brief->warrant) { /* an order for others is somebody's valid order all the same */
        if (fault->code == FAULT_TARGET)
            brief->warrant = prove(self, by->trust, release, NULL, now, &ignored);
        return -1;
    }
    if (read_files(brief->warrant->release, files, brief, fault))
        return -1;
    brief->inputs = manifest_inputs_of(brief->manifest, brief->warrant, fault);
    if (!brief->inputs)
        return -1;
    if (self->accepted.ms)
        return 0;
    return check_budget(brief->warrant, by, now, fault) || check_wave(self, by->trust, now, fault)
               ? -1
               : 0;
}

frames_t *
offer_warrant(const offer_t *self, const kept_release_t *release)
{
    CLEANUP(bytes_destroy) bytes_t *manifest = bytes_new();
    manifest_encode(self->brief.manifest, manifest);
    frames_t *frames = frames_new();
    frames_add_text(frames, "WARRANT");
    for (size_t i = OFFER_RUN; i <= OFFER_ALERT_ARMOR; i++)
        frames_add(frames, frames_at(self->frames, i));
    frames_add(frames, bytes_slice(release->document));
    frames_add(frames, bytes_slice(release->armors));
    frames_add(frames, bytes_slice(manifest));
    return frames;
}
