/* SPDX-License-Identifier: Apache-2.0 */
/* Orders, the releases that their runs call, and what stands behind a part of a run at all. */
#include <stdlib.h>

#include "keys/trust_private.h"

int
trust_peek_release(trust_t *self, const proof_t *proof, const hash_t *named, warrant_t *warrant,
                   const release_t **release, fault_t *fault)
{
    warrant->release_hash = hash_of(proof->release);
    if (!hash_equal(&warrant->release_hash, named))
        return 0;
    *release = trust_read_release(self, proof->release, named, fault);
    return *release ? 1 : -1;
}

int
trust_take_release(trust_t *self, const proof_t *proof, const hash_t *named, const char *playbook,
                   warrant_t *warrant, fault_t *fault)
{
    CLEANUP(release_destroy)
    release_t *release = trust_check_release_of(self, proof->release, &warrant->release_hash,
                                                proof->release_armors, fault);
    if (!release)
        return -1;
    if (!hash_equal(&warrant->release_hash, named) || strcmp(release->playbook, playbook) != 0)
        return fault_set(fault, FAULT_HASH, "release '%s' %llu is not the one that was named",
                         release->playbook, (unsigned long long)release->sequence);
    warrant->release = MOVE(release);
    return 0;
}

static int
check_window(const order_t *order, wall_t now, fault_t *fault)
{
    char text[MOMENT_TEXT_MAX], here[MOMENT_TEXT_MAX];
    if (order->not_after.ms <= order->not_before.ms || order->not_before.ms < order->created.ms)
        return fault_set(fault, FAULT_WINDOW, "order: its window ends before it begins");
    if (order->not_after.ms - order->not_before.ms > INT64_C(1000) * ORDER_WINDOW_MAX_S)
        return fault_set(fault, FAULT_WINDOW, "order: its window is longer than 24 hours");
    if (now.ms < order->not_before.ms) {
        wall_write_time(order->not_before, text);
        wall_write_time(now, here);
        return fault_set(fault, FAULT_WINDOW,
                         "order: its window begins at %s, and by the clock here it is %s", text,
                         here);
    }
    if (now.ms > order->not_after.ms) {
        wall_write_time(order->not_after, text);
        return fault_set(fault, FAULT_EXPIRED, "order: its window ended at %s", text);
    }
    return 0;
}

/* The worker's own: listed, or by the place that came with the offer. */
static int
find_target(const order_t *order, slice_t bytes, const char *worker, warrant_t *warrant,
            fault_t *fault)
{
    place_t place;
    const target_line_t *line = order_target(order, worker);
    if (line && bytes.size)
        return fault_set(fault, FAULT_PROOF, "worker '%s' is listed, and came with a place",
                         worker);
    if (line) {
        warrant->wave = line->wave;
        text_copy(warrant->target, sizeof warrant->target, line->target);
        return 0;
    }
    if (!order->wave_count)
        return fault_set(fault, FAULT_TARGET, "worker '%s' is no target of the order", worker);
    if (!bytes.size)
        return fault_set(fault, FAULT_PROOF, "worker '%s' is not listed, and came without a place",
                         worker);
    if (place_decode(&place, bytes, fault) || place_check(&place, order, worker, fault))
        return -1;
    warrant->wave = place.wave;
    text_copy(warrant->target, sizeof warrant->target, place.target);
    return 0;
}

/* What changes something begins with people's eyes on the targets of a wave. */
static int
check_gate(const order_t *order, class_t class, fault_t *fault)
{
    if (class != CLASS_OBSERVE && !order->dry && !order_gate(order))
        return fault_set(fault, FAULT_TARGET,
                         "an order of class %s lists the targets of its first wave",
                         class_word(class));
    return 0;
}

static int
check_target(const reach_t *reach, const proof_t *proof, const char *worker, const release_t *named,
             warrant_t *warrant, fault_t *fault)
{
    const order_t *order = warrant->order;
    if (!reach->count && (worker || order->target_count))
        return fault_set(fault, FAULT_TARGET, "'%s' is in no fleet",
                         worker ? worker : order->targets[0].target);
    warrant->wave = 1;
    if (worker && find_target(order, proof->place, worker, warrant, fault))
        return -1;
    warrant->before = order_wave_before(order, warrant->wave);
    return named ? check_gate(order, named->highest, fault) : 0;
}

/* Those who signed for this purpose, and are not among others. */
static backing_t
backing_for(const backing_t *all, purpose_t purpose, const signers_t *others)
{
    backing_t some = {0};
    for (size_t i = 0; i < all->count; i++)
        if (all->backer[i].purpose == purpose && !signers_have(others, all->backer[i].line->person))
            some.backer[some.count++] = all->backer[i];
    return some;
}

/* How far the signers of an order must go, and may. */
typedef struct {
    class_t need, highest;
} range_t;

/* Somebody who did not order it stands behind breaking glass, as far as it goes. */
static int
check_cosigners(const backing_t *backing, const range_t *range, warrant_t *warrant, fault_t *fault)
{
    class_t allowed;
    reach_t anywhere = {0};
    backing_t cosigned = backing_for(backing, SIGN_COSIGN, &warrant->orderers);
    demand_t demand = {.backing = &cosigned, .reach = &anywhere, .needed = {1, 1, 1}};
    warrant->cosigners = backing_people(&cosigned);
    if (!cosigned.count)
        return fault_set(fault, FAULT_QUORUM,
                         "it breaks glass, and nobody cosigned it who did not order it: another "
                         "responder must");
    if (demand_check(&demand, range->need, range->highest, &allowed, fault))
        return fault_wrap(fault, "its cosigner");
    if (allowed < warrant->allowed)
        warrant->allowed = allowed;
    return 0;
}

/* Who breaks glass is asked for no scope, and for a cosigner. */
static int
check_order_signers(const trust_t *self, const backing_t *backing, const reach_t *reach,
                    const release_t *named, warrant_t *warrant, fault_t *fault)
{
    const order_t *order = warrant->order;
    signers_t nobody = {0};
    reach_t anywhere = {0};
    bool glass = order_breaks_glass(order);
    backing_t ordered = backing_for(backing, SIGN_ORDER, &nobody);
    demand_t demand = {.backing = &ordered, .reach = glass ? &anywhere : reach};
    range_t range = {named && !order->dry ? named->highest : CLASS_OBSERVE,
                     order->dry ? CLASS_OBSERVE : CLASS_DESTRUCTIVE};
    for (int class = 0; class < CLASSES; class ++)
        demand.needed[class] =
            quorum_of(self->root->quorum_order, self->more.orders, (class_t) class);
    if (!glass && ordered.count < backing->count)
        return fault_set(fault, FAULT_NAMESPACE,
                         "it was cosigned, and does not break glass: nobody is asked for that");
    if (demand_check(&demand, range.need, range.highest, &warrant->allowed, fault))
        return -1;
    return glass ? check_cosigners(backing, &range, warrant, fault) : 0;
}

wall_t
trust_moment(wall_t accepted, wall_t now)
{
    return accepted.ms && accepted.ms < now.ms ? accepted : now;
}

/* What is known of an order before its signatures are looked at. */
static int
check_order_frame(const trust_t *self, const proof_t *proof, const char *worker, wall_t now,
                  warrant_t *warrant, fault_t *fault)
{
    warrant->authority = warrant->run = hash_of(proof->authority);
    if (trust_frame(self, proof->authority, "order", fault) ||
        trust_check_since(self, trust_moment(proof->accepted, now), now, fault))
        return -1;
    if (trust_check_revoked(self, HALT_WORKER, worker, fault))
        return -1;
    return trust_check_halts(self, &warrant->run, NULL, trust_region(self, worker), fault);
}

static void
reach_order(reach_t *self, const trust_t *trust, const order_t *order, const char *worker)
{
    if (worker)
        reach_add(self, trust, worker);
    for (size_t i = 0; !worker && i < order->target_count; i++)
        reach_add(self, trust, order->targets[i].target);
}

static int
check_order(trust_t *self, const proof_t *proof, const char *worker, wall_t now, warrant_t *warrant,
            fault_t *fault)
{
    backing_t backing;
    CLEANUP(reach_done) reach_t reach = {0};
    const release_t *named = NULL;
    if (check_order_frame(self, proof, worker, now, warrant, fault))
        return -1;
    if (trust_backing_of(self, proof->authority, &warrant->authority, proof->authority_armors,
                         1u << SIGN_ORDER | 1u << SIGN_COSIGN, &backing, fault) ||
        backing_check_role(&backing, ROLE_RESPONDER, fault))
        return fault_wrap(fault, "order");
    warrant_signed(warrant, &backing);
    order_t *order = warrant->order = order_decode(proof->authority, fault);
    if (!order || trust_check_halts(self, NULL, order->playbook, NULL, fault) ||
        trust_peek_release(self, proof, order_release(order), warrant, &named, fault) < 0)
        return -1;
    reach_order(&reach, self, order, worker);
    if (check_order_signers(self, &backing, &reach, named, warrant, fault))
        return fault_wrap(fault, "order");
    if (check_window(order, trust_moment(proof->accepted, now), fault) ||
        check_target(&reach, proof, worker, named, warrant, fault))
        return -1;
    return trust_take_release(self, proof, order_release(order), order->playbook, warrant, fault);
}

void
warrant_destroy(warrant_t **self_p)
{
    warrant_t *self = *self_p;
    if (!self)
        return;
    order_destroy(&self->order);
    grant_destroy(&self->grant);
    alert_destroy(&self->alert);
    release_destroy(&self->release);
    free(self);
    *self_p = NULL;
}

warrant_t *
trust_check(trust_t *self, const proof_t *proof, const char *worker, wall_t now, fault_t *fault)
{
    CLEANUP(warrant_destroy) warrant_t *warrant = memory_new(1, sizeof *warrant);
    int failed = proof->by_grant ? trust_check_alert(self, proof, worker, now, warrant, fault)
                                 : check_order(self, proof, worker, now, warrant, fault);
    return failed ? NULL : MOVE(warrant);
}

void
warrant_signed(warrant_t *self, const backing_t *backing)
{
    self->signers = backing_people(backing);
    for (size_t i = 0; i < backing->count; i++) {
        const backer_t *backer = &backing->backer[i];
        if (backer->purpose == SIGN_ORDER)
            signers_add(&self->orderers, backer->line->person);
        self->keys[self->key_count++] = pubkey_hash(&backer->line->key);
    }
}

int
trust_check_stands(const trust_t *self, const warrant_t *warrant, const char *worker,
                   fault_t *fault)
{
    if (trust_check_revoked(self, HALT_WORKER, worker, fault) ||
        trust_check_revoked_hash(self, HALT_GRANT, &warrant->authority, fault) ||
        trust_check_revoked_hash(self, HALT_RELEASE, &warrant->release_hash, fault))
        return -1;
    for (size_t i = 0; i < warrant->signers.count; i++)
        if (trust_check_revoked(self, HALT_PERSON, warrant->signers.person[i], fault))
            return -1;
    for (size_t i = 0; i < warrant->key_count; i++)
        if (trust_check_revoked_hash(self, HALT_KEY, &warrant->keys[i], fault))
            return -1;
    return 0;
}

static int
check_callee(const trust_t *self, const warrant_t *warrant, const release_t *release,
             const hash_t *hash, fault_t *fault)
{
    const order_t *order = warrant->order;
    const hash_t *named = order ? order_release_of(order, release->playbook) : NULL;
    if (!named || !hash_equal(named, hash))
        return fault_set(fault, FAULT_HASH, "release '%s' %llu is none that the run may call",
                         release->playbook, (unsigned long long)release->sequence);
    if (!order->dry && release->highest > warrant->allowed)
        return fault_set(fault, FAULT_CLASS, "the order's signers may not go as far as class %s",
                         class_word(release->highest));
    if (check_gate(order, release->highest, fault))
        return -1;
    return trust_check_halts(self, NULL, release->playbook, NULL, fault);
}

release_t *
trust_check_callee(trust_t *self, const warrant_t *warrant, slice_t document, slice_t armors,
                   fault_t *fault)
{
    hash_t hash = hash_of(document);
    CLEANUP(release_destroy)
    release_t *release = trust_check_release_of(self, document, &hash, armors, fault);
    if (!release || check_callee(self, warrant, release, &hash, fault))
        return NULL;
    return MOVE(release);
}
