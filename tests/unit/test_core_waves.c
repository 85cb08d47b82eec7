/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/core_fixture.h"

#include "keys/inclusion.h"

#define CROWD 70 /* workers n00, n01 ... of a wave that no order lists */

typedef struct {
    char names[CROWD][TEXT_NAME_MAX + 1];
    const char *targets[CROWD];
    order_t *order; /* as submitted */
    value_t *list;
} crowd_t;

static void
crowd_done(crowd_t *self)
{
    order_destroy(&self->order);
    value_destroy(&self->list);
}

/* The region north with so many more workers, and an order: w1 listed, then the crowd. */
static crowd_t
crowd_of(house_t *self, unsigned max_failures)
{
    crowd_t crowd = {.list = value_list()};
    fleet_t *fleet = site_fleet(self->site, "north");
    fleet->version = 2;
    for (size_t i = 0; i < CROWD; i++) {
        value_t *item = value_map();
        snprintf(crowd.names[i], sizeof crowd.names[i], "n%02zu", i);
        site_add_worker(self->site, fleet, crowd.names[i], "-");
        value_set_integer(item, "wave", 2);
        value_set_text(item, "target", crowd.names[i]);
        value_append(crowd.list, item);
    }
    qsort(fleet->workers, fleet->worker_count, sizeof *fleet->workers,
          (int (*)(const void *, const void *))strcmp);
    sealed_t sealed CLEANUP(sealed_done) = site_seal_fleet(self->site, fleet, "olaf");
    if (trust_add(self->charter->trust, bytes_slice(sealed.document), bytes_slice(sealed.armors),
                  &self->fault))
        fail_msg("%s", self->fault.text);
    crowd.order = make_order(self, max_failures);
    crowd.order->target_count = 1;
    return crowd;
}

/* Signs what the crowd is, and submits it with its list. */
static int
order_crowd(house_t *self, crowd_t *crowd)
{
    for (size_t i = 0; i < CROWD; i++)
        crowd->targets[i] = crowd->names[i];
    CLEANUP(inclusion_destroy)
    inclusion_t *tree = inclusion_new(crowd->order->nonce, 2, crowd->targets, CROWD, &self->fault);
    assert_non_null(tree);
    crowd->order->wave_count = 1;
    crowd->order->waves[0] = inclusion_line(tree);
    CLEANUP(bytes_destroy) bytes_t *document = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *armors = bytes_new();
    order_encode(crowd->order, document);
    site_sign(self->site, SIGN_ORDER, bytes_slice(document), "pat", armors);
    return step(self, (event_t){.kind = EVENT_ORDER,
                                .document = bytes_slice(document),
                                .armors = bytes_slice(armors),
                                .targets = crowd->list});
}

static void
begin_crowd(house_t *self, crowd_t *crowd)
{
    put_in_service(self);
    if (order_crowd(self, crowd))
        fail_msg("%s", self->fault.text);
    worker_tells(self, "w1", "free", OUTCOME_OK, OUTCOME_OK);
    later(self, 30);
}

static void
check_offer(house_t *self, const crowd_t *crowd, const char *worker)
{
    place_t place;
    const frames_t *offer = offer_to(self, worker);
    if (place_decode(&place, frames_at(offer, OFFER_PLACE), &self->fault) ||
        place_check(&place, crowd->order, worker, &self->fault))
        fail_msg("%s: %s", worker, self->fault.text);
    CLEANUP(value_destroy)
    value_t *proof = value_decode(frames_at(offer, OFFER_RECEIPTS), &self->fault);
    assert_int_equal(value_count(proof), 1);
}

static void
a_wave_that_is_not_listed_is_offered_with_its_places(void **state)
{
    house_t *self = *state;
    crowd_t crowd CLEANUP(crowd_done) = crowd_of(self, 2);
    begin_crowd(self, &crowd);
    tick(self);
    assert_int_equal(self->actions->send_count, 3);
    check_offer(self, &crowd, "n00");
    check_offer(self, &crowd, "n02");
}

static void
places_are_the_same_after_a_restart(void **state)
{
    house_t *self = *state;
    crowd_t crowd CLEANUP(crowd_done) = crowd_of(self, 0);
    begin_crowd(self, &crowd);
    restart(self);
    tick(self);
    assert_int_equal(self->actions->send_count, 1);
    check_offer(self, &crowd, "n00");
}

#define WIDE 12

/* A step that asked for as many ops as one may. */
static void
tells_much(house_t *self, const char *worker)
{
    receipt_t *receipt = site_receipt(self->site);
    text_copy(receipt->worker, sizeof receipt->worker, worker);
    text_copy(receipt->target, sizeof receipt->target, worker);
    text_copy(receipt->step, sizeof receipt->step, "free");
    receipt->run = run_now(self).id;
    receipt->release = self->release_hash;
    receipt->outcome = receipt->part = OUTCOME_OK;
    receipt->op_count = RECEIPT_OPS_MAX;
    for (size_t i = 0; i < RECEIPT_OPS_MAX; i++) {
        memset(receipt->ops[i].op, 'o', TEXT_NAME_MAX);
        text_copy(receipt->ops[i].code, sizeof receipt->ops[i].code, "ok");
    }
    sealed_t sealed CLEANUP(sealed_done) = site_seal_receipt(self->site, receipt, worker);
    if (send_receipt(self, worker, &sealed))
        fail_msg("%s", self->fault.text);
}

static void
a_wave_whose_receipts_no_worker_could_read_proves_nothing(void **state)
{
    house_t *self = *state;
    crowd_t crowd CLEANUP(crowd_done) = crowd_of(self, 0);
    order_t *order = crowd.order;
    put_in_service(self);
    order->target_count = 0;
    order->max_failures = 0;
    for (size_t i = 0; i < WIDE; i++)
        site_add_target(order, 1, crowd.names[i]);
    site_add_target(order, 2, "w2");
    sealed_t sealed CLEANUP(sealed_done) = site_seal_order(self->site, order, "pat");
    crowd.order = NULL;
    submit(self, &sealed);
    for (size_t i = 0; i < WIDE; i++)
        tells_much(self, crowd.names[i]);
    later(self, 30);
    tick(self);
    assert_int_equal(sent(self, MESSAGE_OFFER, "w2"), 0);
    assert_int_equal(run_now(self).state, RUN_EXPIRED);
}

static void
a_list_that_was_not_signed_is_refused(void **state)
{
    house_t *self = *state;
    crowd_t crowd CLEANUP(crowd_done) = crowd_of(self, 0);
    put_in_service(self);
    value_t *item = value_map();
    value_set_integer(item, "wave", 2);
    value_set_text(item, "target", "s1");
    value_append(crowd.list, item);
    assert_int_equal(order_crowd(self, &crowd), -1);
    assert_int_equal(self->fault.code, FAULT_FORMAT);
    value_destroy(&crowd.list);
    crowd.list = value_list();
    for (size_t i = 0; i < CROWD; i++) {
        item = value_map();
        value_set_integer(item, "wave", 2);
        value_set_text(item, "target", i == 3 ? "w2" : crowd.names[i]);
        value_append(crowd.list, item);
    }
    assert_int_equal(order_crowd(self, &crowd), -1);
    assert_int_equal(self->fault.code, FAULT_HASH);
    assert_int_equal(self->actions->row_count, 0);
}

static void
a_target_that_stands_there_twice_is_refused(void **state)
{
    house_t *self = *state;
    crowd_t crowd CLEANUP(crowd_done) = crowd_of(self, 0);
    put_in_service(self);
    text_copy(crowd.order->targets[0].target, sizeof crowd.order->targets[0].target, "n05");
    assert_int_equal(order_crowd(self, &crowd), -1);
    assert_int_equal(self->fault.code, FAULT_FORMAT);
    assert_non_null(strstr(self->fault.text, "twice"));
}

static void
an_order_without_the_list_is_refused(void **state)
{
    house_t *self = *state;
    crowd_t crowd CLEANUP(crowd_done) = crowd_of(self, 0);
    put_in_service(self);
    value_destroy(&crowd.list);
    assert_int_equal(order_crowd(self, &crowd), -1);
    assert_int_equal(self->fault.code, FAULT_FORMAT);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_wave_that_is_not_listed_is_offered_with_its_places),
        CASE(places_are_the_same_after_a_restart),
        CASE(a_wave_whose_receipts_no_worker_could_read_proves_nothing),
        CASE(a_list_that_was_not_signed_is_refused),
        CASE(a_target_that_stands_there_twice_is_refused),
        CASE(an_order_without_the_list_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
