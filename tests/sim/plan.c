/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/plan.h"
#include "tests/sim/crypto.h"

#define SECOND INT64_C(1000)

/* Most seeds have a few kinds of trouble, some have none, some have all. */
static unsigned
odds(chance_t *chance, unsigned percent, unsigned most_ppm)
{
    return chance_percent(chance, percent) ? (unsigned)chance_below(chance, most_ppm) + 1 : 0;
}

static void
make_odds(odds_t *self, chance_t *chance)
{
    if (chance_percent(chance, 5))
        return;
    *self = (odds_t){
        .drop = odds(chance, 35, 200000),
        .duplicate = odds(chance, 35, 200000),
        .reorder = odds(chance, 35, 300000),
        .delay = odds(chance, 35, 200000),
        .crash = odds(chance, 50, 40000),
        .power = odds(chance, 40, 30000),
        .full = odds(chance, 15, 20000),
        .broken = odds(chance, 20, 15000),
        .stop = odds(chance, 25, 10000),
        .slow = odds(chance, 25, 300000),
        .op_fails = odds(chance, 35, 200000),
        .op_dies = odds(chance, 25, 150000),
        .op_slow = odds(chance, 25, 150000),
    };
}

static void
make_waves(plan_order_t *order, size_t machines, chance_t *chance)
{
    order->waves = (unsigned)chance_from(chance, 1, machines < 3 ? (int64_t)machines : 3);
    for (size_t i = 0; i < order->waves; i++)
        order->wave[i] = (unsigned)i + 1;
    for (size_t i = order->waves; i < machines; i++)
        order->wave[i] = (unsigned)chance_from(chance, 0, order->waves);
    for (size_t i = machines; i-- > 1;) {
        size_t other = chance_below(chance, i + 1);
        unsigned wave = order->wave[i];
        order->wave[i] = order->wave[other];
        order->wave[other] = wave;
    }
}

/* The last wave is one target, but for orders that are to be refused. */
static void
set_last(plan_order_t *order, size_t machines, chance_t *chance)
{
    size_t last = chance_below(chance, machines), others = 0;
    while (order->wave[last] != order->waves)
        last = (last + 1) % machines;
    for (size_t i = 0; i < machines; i++)
        others += i != last && order->wave[i] == order->waves;
    order->crooked = others && chance_percent(chance, 10);
    if (others && !order->crooked)
        order->wave[last] = ++order->waves;
}

static bool
has_kind(const plan_order_t *order, const char *kind)
{
    const playbook_t *playbook = &estate()->playbooks[order->playbook];
    for (size_t i = 0; i < ESTATE_STEPS; i++)
        if (playbook->steps[i].kind && !strcmp(playbook->steps[i].kind, kind))
            return true;
    return false;
}

bool
plan_asks(const plan_order_t *order)
{
    return has_kind(order, "approve");
}

int
plan_once(const plan_order_t *order)
{
    int last = 0;
    while (last < MACHINES_MAX && order->wave[last] != order->waves)
        last++;
    return estate_once(&estate()->playbooks[order->playbook]) ? last : -1;
}

bool
plan_calls(const plan_order_t *order)
{
    return has_kind(order, "call");
}

/* Its playbook's name comes before that of any which calls it. */
static void
add_callee(order_t *order)
{
    const playbook_t *callee = &estate()->playbooks[ESTATE_CALLEE];
    order->releases[order->release_count++] = order->releases[0];
    text_copy(order->releases[0].playbook, sizeof order->releases[0].playbook, callee->name);
    order->releases[0].hash = callee->hash;
}

#define SEALS_SEED (UINT64_C(41) << 40)

static const char *const machine_names[MACHINES_MAX] = {"w1", "w2", "w3", "w4", "w5"};

size_t
plan_wave(const plan_order_t *self, const char *names[static MACHINES_MAX + ESTATE_FAR])
{
    static char far[ESTATE_FAR][8];
    size_t count = 0;
    for (size_t i = 0; i < MACHINES_MAX; i++)
        if (self->wave[i] == self->waves)
            names[count++] = machine_names[i];
    for (size_t i = 0; i < ESTATE_FAR; i++) {
        snprintf(far[i], sizeof far[i], "x%02zu", i);
        names[count++] = far[i];
    }
    return count;
}

/* The tree of its last wave, and where each machine stands in it. */
static void
plant(plan_order_t *self, order_t *order)
{
    const char *names[MACHINES_MAX + ESTATE_FAR];
    size_t count = plan_wave(self, names), at = 0;
    CLEANUP(inclusion_destroy)
    inclusion_t *tree = inclusion_new(order->nonce, self->waves, names, count, NULL);
    assert(tree);
    order->waves[order->wave_count++] = inclusion_line(tree);
    for (size_t i = 0; i < MACHINES_MAX; i++)
        if (self->wave[i] == self->waves) {
            self->place[i] = bytes_new();
            inclusion_add_place(tree, at, names[at], self->place[i]);
            at++;
        }
}

/* One of eight, by what was drawn for it anyway, so that other worlds stay as they were. */
static bool
breaks_glass(const order_t *order)
{
    return strchr("47", order->nonce[31]);
}

static void
seal_to(const plan_order_t *self, order_t *order, const char *worker)
{
    seal_line_t *line = &order->seals[order->seal_count++];
    line->worker = worker;
    text_copy(line->name, sizeof line->name, worker ? worker : "pat");
    int failed = sealkey_box(&self->key, &crypto_sealing()->public_key, line->box, NULL);
    assert(!failed);
}

static void
seal_to_all(plan_order_t *self, order_t *order)
{
    order->seals = memory_new(MACHINES_MAX + 1, sizeof *order->seals);
    self->secret = true;
    sealkey_random(&self->key);
    seal_to(self, order, NULL);
    for (size_t i = 0; i < MACHINES_MAX; i++)
        if (order_target(order, machine_names[i]))
            seal_to(self, order, machine_names[i]);
}

static void
seal_order(plan_order_t *self, const plan_t *plan, chance_t *chance)
{
    const estate_t *all = estate();
    const playbook_t *playbook = &all->playbooks[self->playbook];
    order_t *order = site_order(all->site, &playbook->hash);
    text_copy(order->playbook, sizeof order->playbook, playbook->name);
    text_copy(order->releases[0].playbook, sizeof order->releases[0].playbook, playbook->name);
    if (plan_calls(self))
        add_callee(order);
    order->incident = PLAN_INCIDENT + (uint64_t)(self - plan->orders);
    snprintf(order->nonce, sizeof order->nonce, "%016llx%016llx",
             (unsigned long long)chance_draw(chance), (unsigned long long)chance_draw(chance));
    order->dry = self->dry;
    order->soak_s = self->soak_s;
    order->max_failures = (unsigned)self->max_failures;
    order->not_after = site_after(all->site->now, self->not_after / SECOND);
    order->undo_until = order->not_after;
    order->target_count = 0;
    for (unsigned wave = 1; wave <= self->waves - self->far; wave++)
        for (size_t i = 0; i < plan->machines; i++)
            if (self->wave[i] == wave)
                site_add_target(order, wave, machine_names[i]);
    if (self->far)
        plant(self, order);
    self->glass = breaks_glass(order);
    if (self->glass)
        text_copy(order->break_glass, sizeof order->break_glass, "nobody answers");
    if (plan->seals && !self->far && order->nonce[0] >= '4')
        seal_to_all(self, order);
    self->sealed = site_seal_order(all->site, order, self->by_pia ? "pia" : "pat");
    if (self->glass)
        site_sign(all->site, SIGN_COSIGN, bytes_slice(self->sealed.document), "ana",
                  self->sealed.armors);
    self->run = hash_of(bytes_slice(self->sealed.document));
}

static void
make_order(plan_order_t *self, const plan_t *plan, chance_t *chance)
{
    self->playbook = (int)chance_below(chance, ESTATE_ORDERED);
    self->by_pia = chance_percent(chance, 40);
    self->dry = chance_percent(chance, 8);
    self->submitted = chance_from(chance, 1, 40) * SECOND;
    self->not_after = self->submitted - self->submitted % SECOND +
                      SECOND * (chance_percent(chance, 25) ? chance_from(chance, 2, 15)
                                                           : chance_from(chance, 40, 240));
    self->soak_s = chance_percent(chance, 50) ? (uint64_t)chance_from(chance, 1, 40) : 0;
    self->max_failures = chance_percent(chance, 50) ? chance_below(chance, 3) : 0;
    make_waves(self, plan->machines, chance);
    if (estate_once(&estate()->playbooks[self->playbook]))
        set_last(self, plan->machines, chance);
    else
        self->far = self->waves > 1 && chance_percent(chance, 10);
    seal_order(self, plan, chance);
}

static void
make_alert(plan_alert_t *self, const plan_t *plan, chance_t *chance)
{
    self->machine = (int)chance_below(chance, plan->machines);
    self->name = (int)chance_below(chance, 2);
    self->incident = (int)chance_below(chance, 3);
    self->at = chance_from(chance, 1, 90) * SECOND;
    self->starts = SECOND * (int64_t)chance_below(chance, 4);
    self->firing = chance_percent(chance, 85);
}

static void
make_resume(plan_t *self, chance_t *chance)
{
    site_t *site = estate()->site;
    self->resume_at = self->stop_at + SECOND * chance_from(chance, 3, 60);
    self->resume = site_seal_resume(site, site_resume(site, &self->stop_hash), "olaf,zoe");
    self->half = site_seal_resume(site, site_resume(site, &self->stop_hash), "olaf");
}

/* One run, one playbook, a region, the whole site; a worker or a release is revoked. */
static void
name_stop(plan_t *self, chance_t *chance, int playbook, char name[static HASH_TEXT])
{
    const playbook_t *of = &estate()->playbooks[playbook];
    hash_t release = hash_of(bytes_slice(of->release.document));
    self->stop_machine = (int)chance_below(chance, self->machines);
    switch (self->stop_what) {
    case HALT_RUN:
        hash_write(&self->orders[0].run, name);
        break;
    case HALT_PLAYBOOK:
        text_copy(name, HASH_TEXT, of->name);
        break;
    case HALT_REGION:
        text_copy(name, HASH_TEXT, "north");
        break;
    case HALT_WORKER:
        snprintf(name, HASH_TEXT, "w%d", self->stop_machine + 1);
        break;
    case HALT_RELEASE:
        hash_write(&release, name);
        break;
    default:
        text_copy(name, HASH_TEXT, "-");
    }
}

static void
make_stop(plan_t *self, chance_t *chance)
{
    static const halt_what_t whats[] = {HALT_RUN,  HALT_PLAYBOOK, HALT_REGION,
                                        HALT_SITE, HALT_WORKER,   HALT_RELEASE};
    estate_t *all = estate();
    char name[HASH_TEXT];
    self->stop_at = SECOND * chance_from(chance, 5, 80);
    self->stop_what = whats[chance_from(chance, self->order_count ? 0 : 1, ARRAY_SIZE(whats) - 1)];
    name_stop(self, chance, self->order_count ? self->orders[0].playbook : 1, name);
    self->stop = site_seal_stop(all->site, site_stop(all->site, self->stop_what, name), "olaf");
    self->stop_hash = hash_of(bytes_slice(self->stop.document));
    if (self->stop_what != HALT_RUN && !halt_revokes(self->stop_what) && chance_percent(chance, 60))
        make_resume(self, chance);
}

bool
plan_is_plain(const plan_t *self)
{
    return !self->lying && !self->second && self->rollback != ROLLBACK_LEDGER;
}

bool
plan_stops(const plan_t *self, const hash_t *run, int playbook, int machine)
{
    if (!self->stop_at)
        return false;
    switch (self->stop_what) {
    case HALT_RUN:
        return hash_equal(run, &self->orders[0].run);
    case HALT_WORKER:
        return machine == self->stop_machine;
    case HALT_RELEASE:
    case HALT_PLAYBOOK:
        return playbook == (self->order_count ? self->orders[0].playbook : 1);
    case HALT_REGION:
        return machine < 3;
    default:
        return true;
    }
}

static void
make_rollback(plan_t *self, chance_t *chance)
{
    self->rollback = (rollback_t)chance_from(chance, ROLLBACK_LEDGER, ROLLBACKS - 1);
    self->rollback_machine = (int)chance_below(chance, self->machines);
    self->copy_at = chance_from(chance, 1, self->heal_at - SECOND);
    self->restore_at = chance_from(chance, self->copy_at + 1, self->heal_at - 1);
}

void
plan_make(plan_t *self, chance_t *chance, uint64_t seed)
{
    chance_t own = chance_of(seed + SEALS_SEED);
    *self = (plan_t){.machines = chance_percent(chance, 50) ? (size_t)chance_from(chance, 1, 2)
                                                            : (size_t)chance_from(chance, 1, 5)};
    self->seals = chance_percent(&own, 25);
    self->lying = chance_percent(chance, 30);
    self->second = chance_percent(chance, 10);
    self->switches = self->second ? (unsigned)chance_from(chance, 1, 8) : 0;
    self->grants = chance_percent(chance, 60);
    self->order_count = (size_t)chance_from(chance, 0, 2) + chance_percent(chance, 30);
    self->alert_count =
        self->grants ? chance_below(chance, ALERTS_MAX + 1) : chance_below(chance, 3);
    make_odds(&self->odds, chance);
    self->kills = chance_percent(chance, 40) ? (unsigned)chance_below(chance, 5) : 0;
    self->partitions = chance_percent(chance, 40) ? (unsigned)chance_below(chance, 4) : 0;
    self->jumps = chance_percent(chance, 25) ? (unsigned)chance_below(chance, 4) : 0;
    self->revoke_at = chance_percent(chance, 20) ? SECOND * chance_from(chance, 5, 80) : 0;
    self->heal_at = SECOND * chance_from(chance, 20, 150);
    if (chance_percent(chance, 8))
        make_rollback(self, chance);
    self->end_at = self->heal_at > self->revoke_at ? self->heal_at : self->revoke_at;
    for (size_t i = 0; i < self->order_count; i++) {
        plan_order_t *order = &self->orders[i];
        make_order(order, self, chance);
        if (order->not_after > self->end_at)
            self->end_at = order->not_after;
        self->playbooks |= 1u << order->playbook;
        if (plan_calls(order))
            self->playbooks |= 1u << ESTATE_CALLEE;
    }
    for (size_t i = 0; i < self->alert_count; i++)
        make_alert(&self->alerts[i], self, chance);
    if (chance_percent(chance, 20))
        make_stop(self, chance);
    if (self->stop_at > self->end_at)
        self->end_at = self->stop_at;
    if (self->resume_at > self->end_at)
        self->end_at = self->resume_at;
    if (self->grants)
        self->playbooks |= 1u << 1 | 1u << 2;
    self->end_at += 1200 * SECOND;
}

void
plan_keep_time(plan_t *self, uint64_t seed)
{
    chance_t chance = chance_of(~seed);
    self->keeper = chance_percent(&chance, 25);
}

void
plan_clear(plan_t *self)
{
    for (size_t i = 0; i < self->order_count; i++) {
        sealed_done(&self->orders[i].sealed);
        for (size_t j = 0; j < MACHINES_MAX; j++)
            bytes_destroy(&self->orders[i].place[j]);
    }
    sealed_done(&self->stop);
    sealed_done(&self->resume);
    sealed_done(&self->half);
}
