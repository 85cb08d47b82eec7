/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/liar.h"

#include <stdio.h>
#include <stdlib.h>

#include "keys/receipts.h"
#include "tests/sim/desk.h"
#include "tests/sim/hub.h"
#include "tests/sim/wires.h"
#include "wire/message.h"

#define SEEN_MAX   96
#define REMEMBERED 64

#define RECEIPTS 8 /* the frame of an OFFER */

struct liar {
    world_t *world;
    size_t seen_count, receipt_count;
    frames_t *seen[SEEN_MAX]; /* that the broker sent: the oldest makes room */
    frames_t *receipts[REMEMBERED];
};

liar_t *
liar_new(world_t *world)
{
    liar_t *self = memory_new(1, sizeof *self);
    self->world = world;
    return self;
}

void
liar_destroy(liar_t **self_p)
{
    liar_t *self = *self_p;
    if (!self)
        return;
    for (size_t i = 0; i < SEEN_MAX; i++)
        frames_destroy(&self->seen[i]);
    for (size_t i = 0; i < REMEMBERED; i++)
        frames_destroy(&self->receipts[i]);
    free(self);
    *self_p = NULL;
}
static void
remember(liar_t *self, bool to_hub, const frames_t *frames)
{
    chance_t *chance = &self->world->chance;
    frames_t **slot = NULL;
    if (to_hub && !strcmp(frames_text(frames, 0), "RECEIPT"))
        slot = &self->receipts[self->receipt_count < REMEMBERED ? self->receipt_count++
                                                                : chance_below(chance, REMEMBERED)];
    else if (!to_hub)
        slot = &self->seen[self->seen_count < SEEN_MAX ? self->seen_count++
                                                       : chance_below(chance, SEEN_MAX)];
    if (!slot)
        return;
    frames_destroy(slot);
    *slot = frames_copy(frames);
}

static int
any_machine(liar_t *self)
{
    return (int)chance_below(&self->world->chance, self->world->plan.machines);
}

static const frames_t *
any_seen(liar_t *self, const char *word)
{
    for (int tries = 0; self->seen_count && tries < 20; tries++) {
        frames_t *frames = self->seen[chance_below(&self->world->chance, self->seen_count)];
        if (!word || !strcmp(frames_text(frames, 0), word))
            return frames;
    }
    return NULL;
}

static void
say(liar_t *self, int machine, frames_t *frames)
{
    SAY(self->world, "the liar -> %s: %s", node_name(machine), frames_text(frames, 0));
    wires_whisper(self->world->wires, machine, frames);
}

static void
replay(liar_t *self)
{
    const frames_t *old = any_seen(self, NULL);
    if (old)
        say(self, any_machine(self), frames_copy(old));
}

/* A byte is another, or a frame is that of another message, or is not there. */
static void
mutate(liar_t *self)
{
    chance_t *chance = &self->world->chance;
    const frames_t *old = any_seen(self, chance_percent(chance, 60) ? "OFFER" : NULL);
    const frames_t *other = old ? any_seen(self, frames_text(old, 0)) : NULL;
    if (!old || !other || old->count < 2)
        return;
    frames_t *frames = frames_copy(old);
    bytes_t **frame = &frames->frame[chance_from(chance, 1, (int64_t)frames->count - 1)];
    unsigned how = (unsigned)chance_below(chance, 3);
    if (how == 0 && (*frame)->size) {
        (*frame)->data[chance_below(chance, (*frame)->size)] ^=
            (uint8_t)chance_from(chance, 1, 255);
    } else if (how == 1) {
        size_t at = (size_t)chance_below(chance, other->count);
        bytes_destroy(&frames->frame[at]);
        frames->frame[at] = bytes_copy(frames_at(other, at));
    } else {
        bytes_clear(*frame);
    }
    say(self, any_machine(self), frames);
}

static value_t *
item_of(slice_t document, slice_t armor)
{
    value_t *item = value_map();
    value_set(item, "document", value_bytes(document));
    value_set(item, "armor", value_bytes(armor));
    return item;
}

/* By the broker's key: alone, or as if another had been signed with it. */
static void
forge(const bytes_t *document, bytes_t *armor)
{
    CLEANUP(bytes_destroy) bytes_t *other = bytes_new();
    slice_t documents[] = {bytes_slice(document), slice_text("another")};
    bytes_t *armors[] = {armor, other};
    bytes_clear(armor);
    receipts_sign(site_key(estate()->site, "hub"), documents, armors, 1 + document->size % 2);
}

/* A receipt as it came, or with another outcome over the old signature, or by the broker's key. */
static value_t *
proof_item(liar_t *self, const frames_t *receipt)
{
    chance_t *chance = &self->world->chance;
    CLEANUP(bytes_destroy) bytes_t *document = bytes_copy(frames_at(receipt, 1));
    CLEANUP(bytes_destroy) bytes_t *armor = bytes_copy(frames_at(receipt, 2));
    static const char *const lies[][2] = {{"outcome failed", "outcome ok"},
                                          {"part failed", "part ok"},
                                          {"part open", "part ok"},
                                          {"target w1", "target w2"}};
    if (chance_percent(chance, 30)) {
        size_t which = (size_t)chance_below(chance, ARRAY_SIZE(lies));
        char *at = strstr((char *)document->data, lies[which][0]);
        CLEANUP(bytes_destroy) bytes_t *edited = bytes_new();
        if (at) {
            bytes_add(edited, document->data, (size_t)(at - (char *)document->data));
            bytes_add_text(edited, lies[which][1]);
            bytes_add_text(edited, at + strlen(lies[which][0]));
            bytes_destroy(&document);
            document = MOVE(edited);
        }
    }
    if (chance_percent(chance, 20))
        forge(document, armor);
    return item_of(bytes_slice(document), bytes_slice(armor));
}

/* Where it stands in a tree; or where another does, or that one's place under its own name. */
static void
add_place(liar_t *self, const plan_order_t *order, int machine, frames_t *frames)
{
    chance_t *chance = &self->world->chance;
    const bytes_t *own = order->place[machine], *other = order->place[any_machine(self)];
    place_t place;
    if (other && !order->wave[machine] && !place_decode(&place, bytes_slice(other), NULL)) {
        CLEANUP(bytes_destroy) bytes_t *forged = bytes_new();
        if (chance_percent(chance, 70))
            text_copy(place.target, sizeof place.target, node_name(machine));
        place_encode(&place, forged);
        frames_add(frames, bytes_slice(forged));
    } else {
        frames_add(frames, own ? bytes_slice(own) : slice_of(NULL, 0));
    }
}

/* An order's offer to anyone; what receipts there are is the liar's choice. */
static void
offer_order(liar_t *self, const plan_order_t *order, int machine, const value_t *list)
{
    char text[HASH_TEXT];
    CLEANUP(bytes_destroy) bytes_t *receipts = bytes_new();
    value_encode(list, receipts);
    frames_t *frames = message_new(MESSAGE_OFFER);
    frames_add_text(frames, hash_write(&order->run, text));
    frames_add_text(frames, "order");
    frames_add(frames, bytes_slice(order->sealed.document));
    frames_add(frames, bytes_slice(order->sealed.armors));
    frames_add(frames, slice_of(NULL, 0));
    frames_add(frames, slice_of(NULL, 0));
    frames_add_text(frames, hash_write(&estate()->playbooks[order->playbook].hash, text));
    frames_add(frames, bytes_slice(receipts));
    add_place(self, order, machine, frames);
    say(self, machine, frames);
}

/* One that people have submitted; NULL where the one that was thought of is not. */
static const plan_order_t *
any_order(liar_t *self)
{
    const world_t *world = self->world;
    const plan_order_t *orders = world->plan.orders;
    size_t count = world->plan.order_count;
    size_t which = count ? chance_below(&self->world->chance, count) : 0;
    return count && orders[which].submitted <= world->now ? &orders[which] : NULL;
}

/* Any order, to anyone, with whatever receipts there are, as they came or not. */
static void
offer_early(liar_t *self)
{
    chance_t *chance = &self->world->chance;
    const plan_order_t *order = any_order(self);
    CLEANUP(value_destroy) value_t *list = value_list();
    if (!order)
        return;
    bool true_ones = chance_percent(chance, 40);
    for (size_t i = 0; i < self->receipt_count; i++)
        for (int times = chance_percent(chance, 10) ? 2 : 1; times; times--)
            value_append(list, true_ones ? item_of(frames_at(self->receipts[i], 1),
                                                   frames_at(self->receipts[i], 2))
                                         : proof_item(self, self->receipts[i]));
    offer_order(self, order, any_machine(self), list);
}

/* A receipt that says that this was given, by the broker's own key. */
static value_t *
make_up(const frames_t *receipt, slice_t output)
{
    char line[HASH_TEXT + 32], text[HASH_TEXT];
    hash_t hash = hash_of(output);
    const char *document = bytes_text(receipt->frame[1]), *at = strstr(document, "\noutput ");
    CLEANUP(bytes_destroy) bytes_t *edited = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *armor = bytes_new();
    assert(at);
    bytes_add(edited, document, (size_t)(at - document));
    snprintf(line, sizeof line, "\noutput %s %zu", hash_write(&hash, text), output.size);
    bytes_add_text(edited, line);
    bytes_add_text(edited, strchr(at + 1, '\n'));
    forge(edited, armor);
    return item_of(bytes_slice(edited), bytes_slice(armor));
}

typedef enum { NO_LIE, LEAVE_OUT, OTHERS_OUTPUT, EDIT_OUTPUT, EDIT_RECEIPT, MAKE_UP, LIES } lie_t;

/* A receipt and what came with it, so said. */
static void
add_gathered(liar_t *self, value_t *list, const frames_t *receipt, lie_t lie)
{
    chance_t *chance = &self->world->chance;
    const frames_t *other = self->receipts[chance_below(chance, self->receipt_count)];
    CLEANUP(bytes_destroy)
    bytes_t *output = bytes_copy(frames_at(lie == OTHERS_OUTPUT ? other : receipt, 3));
    if (lie == LEAVE_OUT)
        return;
    if ((lie == EDIT_OUTPUT || lie == MAKE_UP) && output->size > 3)
        output->data[output->size - 3] ^= 1; /* the last digit of what its ops read */
    value_t *item = lie == MAKE_UP        ? make_up(receipt, bytes_slice(output))
                    : lie == EDIT_RECEIPT ? proof_item(self, receipt)
                                          : item_of(frames_at(receipt, 1), frames_at(receipt, 2));
    value_set(item, "output", value_bytes(bytes_slice(output)));
    value_append(list, item);
}

/* What others gave, for the one on whom something runs once for all: all there is of this run, or
 * of any, and in some of it the same lie. The caller's. */
static value_t *
gather(liar_t *self, const plan_order_t *order)
{
    chance_t *chance = &self->world->chance;
    char text[HASH_TEXT];
    value_t *list = value_list();
    bool any_run = chance_percent(chance, 20);
    lie_t lie = (lie_t)chance_below(chance, LIES);
    hash_write(&order->run, text);
    for (size_t i = 0; i < self->receipt_count; i++)
        if (any_run || strstr(bytes_text(self->receipts[i]->frame[1]), text))
            add_gathered(self, list, self->receipts[i], chance_percent(chance, 30) ? lie : NO_LIE);
    return list;
}

static void
offer_last(liar_t *self)
{
    const plan_order_t *order = any_order(self);
    int last = order ? plan_once(order) : -1;
    CLEANUP(value_destroy) value_t *list = last < 0 ? NULL : gather(self, order);
    if (list)
        offer_order(self, order, last, list);
}

/* The broker's own offer, at the moment when all else of it holds. */
static void
spoil_offer(liar_t *self, int machine, frames_t *frames)
{
    const plan_t *plan = &self->world->plan;
    hash_t run;
    bool read = hash_read(frames_text(frames, 1), &run);
    assert(read);
    for (size_t i = 0; i < plan->order_count; i++) {
        const plan_order_t *order = &plan->orders[i];
        if (!hash_equal(&order->run, &run) || plan_once(order) != machine)
            continue;
        CLEANUP(value_destroy) value_t *list = gather(self, order);
        bytes_clear(frames->frame[RECEIPTS]);
        value_encode(list, frames->frame[RECEIPTS]);
    }
}

void
liar_pass(liar_t *self, bool to_hub, int machine, frames_t *frames)
{
    if (!to_hub && !strcmp(frames_text(frames, 0), "OFFER") &&
        chance_percent(&self->world->chance, 75))
        spoil_offer(self, machine, frames);
    remember(self, to_hub, frames);
}

/* Evidence that a source with a token brought it is the broker's word: it may make alerts up. */
static void
invent_alert(liar_t *self)
{
    const estate_t *all = estate();
    chance_t *chance = &self->world->chance;
    int machine = any_machine(self);
    char text[HASH_TEXT];
    if (!self->world->plan.grants)
        return;
    const estate_grant_t *grant = &all->grants[chance_below(chance, ESTATE_GRANTS)];
    alert_t *alert = site_alert(all->site);
    alert->received = world_wall(self->world, HUB);
    alert->starts.ms = alert->received.ms - chance_from(chance, 0, 100000);
    snprintf(alert->host, sizeof alert->host, "web%d.example", machine + 1);
    text_copy(alert->labels[0].value, sizeof alert->labels[0].value,
              all->playbooks[grant->playbook].alert);
    snprintf(alert->fingerprint, sizeof alert->fingerprint, "%08llx",
             (unsigned long long)chance_below(chance, 1u << 30));
    hash_t run = grant_run(&grant->hash, alert);
    sealed_t sealed = site_seal_alert(all->site, alert);
    frames_t *frames = message_new(MESSAGE_OFFER);
    frames_add_text(frames, hash_write(&run, text));
    frames_add_text(frames, "grant");
    frames_add(frames, bytes_slice(grant->sealed.document));
    frames_add(frames, bytes_slice(grant->sealed.armors));
    frames_add(frames, bytes_slice(sealed.document));
    frames_add(frames, slice_of(NULL, 0));
    frames_add_text(frames, hash_write(&all->playbooks[grant->playbook].hash, text));
    frames_add_text(frames, "le");
    frames_add(frames, slice_of(NULL, 0));
    sealed_done(&sealed);
    say(self, chance_percent(chance, 80) ? machine : any_machine(self), frames);
}

/* Another release, or other files, under the hash that was asked for. */
static void
give_wrong(liar_t *self)
{
    const estate_t *all = estate();
    chance_t *chance = &self->world->chance;
    const playbook_t *wanted = &all->playbooks[chance_below(chance, ESTATE_PLAYBOOKS)];
    const playbook_t *given = chance_percent(chance, 50)
                                  ? wanted
                                  : &all->playbooks[chance_below(chance, ESTATE_PLAYBOOKS)];
    const playbook_t *files = &all->playbooks[chance_below(chance, ESTATE_PLAYBOOKS)];
    char text[HASH_TEXT];
    frames_t *frames = message_new(MESSAGE_GIVE);
    frames_add_text(frames, hash_write(&wanted->hash, text));
    frames_add(frames, bytes_slice(given->release.document));
    frames_add(frames, bytes_slice(given->release.armors));
    frames_add(frames, bytes_slice(files->files));
    say(self, any_machine(self), frames);
}

/* What it does not keep: so the worker forgets it; or with another's hash. */
static void
acknowledge_anything(liar_t *self)
{
    chance_t *chance = &self->world->chance;
    char number[24] = "", worker[8] = "", text[HASH_TEXT];
    if (!self->receipt_count)
        return;
    size_t which = (size_t)chance_below(chance, self->receipt_count);
    slice_t document = frames_at(self->receipts[which], 1);
    CLEANUP(bytes_destroy) bytes_t *copy = bytes_copy(document);
    const char *line = strstr(bytes_text(copy), "\nworker ");
    if (!line || sscanf(line, "\nworker %7s\nsequence %23s", worker, number) != 2)
        return;
    hash_t hash = hash_of(document);
    if (chance_percent(chance, 20))
        hash.bytes[0] ^= 1;
    frames_t *frames = message_new(MESSAGE_ACK);
    frames_add_text(frames, number);
    frames_add_text(frames, hash_write(&hash, text));
    say(self, chance_percent(chance, 90) ? node_find(worker) : any_machine(self), frames);
}

/* What a step waits for, made up: signed by the broker's own key, or with the armor of what a
 * person signed for something else, or edited. */
static void
forge_word(liar_t *self)
{
    world_t *world = self->world;
    chance_t *chance = &world->chance;
    hub_wait_t waits[HUB_WAITS_MAX];
    size_t count = hub_waits(world->hub, waits), signed_ = desk_count(world->desk);
    char text[HASH_TEXT];
    if (!count)
        return;
    const hub_wait_t *wait = &waits[chance_below(chance, count)];
    const word_t *word = signed_ ? desk_word(world->desk, chance_below(chance, signed_)) : NULL;
    site_t *site = estate()->site;
    consent_t *consent = site_consent(site, &wait->run, &HASH_ZERO);
    consent->answer = desk_asks(world->desk, wait);
    text_copy(consent->step, sizeof consent->step, wait->step);
    text_copy(consent->value, sizeof consent->value, consent->answer ? "left" : "yes");
    consent->created = site_after(site->now, world->now / 1000);
    consent->expires = site_after(consent->created, 3600);
    consent->target_count = 0;
    site_add_shown(consent, node_name(wait->machine), &wait->receipt);
    sealed_t sealed = site_seal_consent(site, consent, "hub");
    bool replays = word && chance_percent(chance, 50);
    frames_t *frames = message_new(MESSAGE_CONSENT);
    frames_add_text(frames, hash_write(&wait->run, text));
    frames_add(frames, bytes_slice(replays && chance_percent(chance, 70) ? word->sealed.document
                                                                         : sealed.document));
    frames_add(frames, bytes_slice(replays ? word->sealed.armors : sealed.armors));
    sealed_done(&sealed);
    say(self, wait->machine, frames);
}

/* One officer's word, where two are needed; or that of both, before they gave it. */
static void
lift_stop(liar_t *self)
{
    const plan_t *plan = &self->world->plan;
    if (!plan->resume_at || self->world->now < plan->stop_at)
        return;
    bool armed = chance_percent(&self->world->chance, 70);
    frames_t *frames = message_new(MESSAGE_DOCUMENT);
    frames_add(frames, bytes_slice(plan->half.document));
    frames_add(frames, armed ? bytes_slice(plan->half.armors) : slice_of(NULL, 0));
    say(self, any_machine(self), frames);
}

static void
welcome_again(liar_t *self)
{
    frames_t *frames = message_new(MESSAGE_WELCOME);
    frames_add_text(frames, PROTOCOL_VERSION);
    frames_add_text(frames, "another");
    frames_add_text(frames, chance_percent(&self->world->chance, 50) ? "0" : "3");
    say(self, any_machine(self), frames);
}

void
liar_speak(liar_t *self)
{
    static void (*const lies[])(liar_t *) = {
        replay,      replay,       mutate,       mutate,     offer_early,          offer_early,
        offer_early, invent_alert, invent_alert, give_wrong, acknowledge_anything, welcome_again,
        forge_word,  forge_word,   lift_stop,    offer_last,
    };
    lies[chance_below(&self->world->chance, ARRAY_SIZE(lies))](self);
}
