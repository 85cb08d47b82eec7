/* SPDX-License-Identifier: Apache-2.0 */
/* What the timekeeper takes, keeps and signs, over folders of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sidecars/metronome.h"
#include "tests/unit/trust_fixture.h"
#include "keys/tree.h"

typedef struct {
    bench_t *bench;
    char folder[64];
    metronome_t *metronome;
} shop_t;

static void
restart(shop_t *self)
{
    site_t *site = self->bench->site;
    curvekey_t curve = site_curve("tick");
    metronome_destroy(&self->metronome);
    self->metronome = metronome_load(self->folder, &site->id, site_key(site, "tick"), &curve,
                                     &self->bench->fault);
    assert_fine(self->bench, !self->metronome);
}

static int
give(shop_t *self, const sealed_t *sealed)
{
    self->bench->fault = (fault_t){0};
    return metronome_take(self->metronome, bytes_slice(sealed->document),
                          bytes_slice(sealed->armors), &self->bench->fault);
}

static sealed_t
root_that_names(site_t *site, const char *key)
{
    root_t *root = site_root_next(site);
    root->timekeeper = (timekeeper_t){.name = "tick", .curve = site_curve("tick")};
    root->timekeeper.key = *machinekey_public(site_key(site, key));
    return site_seal_root(site, root, "hana,hugo");
}

static int
open_shop(void **state)
{
    shop_t *self = memory_new(1, sizeof *self);
    void *bench;
    set_up(&bench);
    self->bench = bench;
    site_t *site = self->bench->site;
    text_copy(self->folder, sizeof self->folder, "/tmp/tocsin-metronome-XXXXXX");
    assert_non_null(mkdtemp(self->folder));
    restart(self);
    const sealed_t *all[] = {&site->root, &site->people, &site->north};
    for (size_t i = 0; i < ARRAY_SIZE(all); i++)
        assert_int_equal(give(self, all[i]), 1);
    *state = self;
    return 0;
}

static int
close_shop(void **state)
{
    shop_t *self = *state;
    char command[96];
    snprintf(command, sizeof command, "rm -r %s", self->folder);
    metronome_destroy(&self->metronome);
    assert_int_equal(system(command), 0);
    void *bench = self->bench;
    tear_down(&bench);
    free(self);
    return 0;
}

static void
name_us(shop_t *self)
{
    sealed_t root = root_that_names(self->bench->site, "tick");
    assert_int_equal(give(self, &root), 1);
    assert_fine(self->bench, add(self->bench, root));
}

static int
beat(shop_t *self, int64_t after_ms)
{
    wall_t now = {self->bench->site->now.ms + after_ms};
    self->bench->fault = (fault_t){0};
    return metronome_beat(self->metronome, now, (mono_t){after_ms}, &self->bench->fault);
}

static beacon_t *
newest(shop_t *self)
{
    tick_t tick = metronome_tick(self->metronome);
    beacon_t *beacon = trust_check_beacon(self->bench->site->trust, tick.document, tick.armor,
                                          &self->bench->fault);
    assert_fine(self->bench, !beacon);
    return beacon;
}

static void
nothing_is_signed_before_root_names_its_keys(void **state)
{
    shop_t *self = *state;
    assert_fault(self->bench, beat(self, 1), FAULT_DENIED);
    assert_int_equal(metronome_tick(self->metronome).document.size, 0);
    sealed_t other = root_that_names(self->bench->site, "tock");
    assert_int_equal(give(self, &other), 1);
    sealed_done(&other);
    assert_fault(self->bench, beat(self, 2), FAULT_DENIED);
}

static void
a_beacon_names_what_it_keeps_and_holds(void **state)
{
    shop_t *self = *state;
    name_us(self);
    assert_fine(self->bench, beat(self, 1));
    CLEANUP(beacon_destroy) beacon_t *beacon = newest(self);
    assert_int_equal(beacon->sequence, 1);
    assert_int_equal(beacon->root.version, 2);
    assert_int_equal(beacon->fleet_count, 1);
    assert_int_equal(beacon->nonce_count, 0);
}

static void
sequence_and_time_go_on_after_a_restart_and_never_back(void **state)
{
    shop_t *self = *state;
    name_us(self);
    assert_fine(self->bench, beat(self, 1000));
    restart(self);
    assert_int_equal(metronome_tick(self->metronome).sequence, 1);
    assert_fault(self->bench, beat(self, 1000), FAULT_STALE);
    assert_fault(self->bench, beat(self, -5), FAULT_STALE);
    assert_fine(self->bench, beat(self, 1001));
    CLEANUP(beacon_destroy) beacon_t *beacon = newest(self);
    assert_int_equal(beacon->sequence, 2);
}

static void
a_stop_is_durable_and_in_the_next_beacon(void **state)
{
    shop_t *self = *state;
    site_t *site = self->bench->site;
    name_us(self);
    sealed_t stop = site_seal_stop(site, site_stop(site, HALT_SITE, "-"), "olaf");
    sealed_t forged = site_seal_stop(site, site_stop(site, HALT_REGION, "north"), "pat");
    hash_t hash = hash_of(bytes_slice(stop.document));
    assert_fine(self->bench, beat(self, 0));
    assert_int_equal(metronome_wait(self->metronome, 60000, (mono_t){500}), 59500);
    assert_fault(self->bench, give(self, &forged) < 0, FAULT_ROLE);
    assert_int_equal(give(self, &stop), 1);
    assert_int_equal(give(self, &stop), 0);
    assert_int_equal(metronome_wait(self->metronome, 60000, (mono_t){500}), 500);
    assert_int_equal(metronome_wait(self->metronome, 60000, (mono_t){1000}), 0);
    restart(self);
    assert_true(trust_keeps_halt(metronome_trust(self->metronome), &hash));
    assert_int_equal(metronome_wait(self->metronome, 60000, (mono_t){500}), 0);
    assert_fine(self->bench, beat(self, 1));
    CLEANUP(beacon_destroy) beacon_t *beacon = newest(self);
    assert_int_equal(beacon->halt_count, 1);
    assert_true(hash_equal(&beacon->halts[0], &hash));
    sealed_done(&stop);
    sealed_done(&forged);
}

static void
a_second_resume_of_a_stop_changes_nothing(void **state)
{
    shop_t *self = *state;
    site_t *site = self->bench->site;
    sealed_t stop = site_seal_stop(site, site_stop(site, HALT_SITE, "-"), "olaf");
    hash_t hash = hash_of(bytes_slice(stop.document));
    resume_t *again = site_resume(site, &hash);
    text_copy(again->reason, sizeof again->reason, "once more");
    sealed_t first = site_seal_resume(site, site_resume(site, &hash), "olaf,zoe");
    sealed_t second = site_seal_resume(site, again, "olaf,zoe");
    assert_int_equal(give(self, &stop), 1);
    assert_int_equal(give(self, &first), 1);
    assert_int_equal(give(self, &second), 0);
    sealed_done(&stop);
    sealed_done(&first);
    sealed_done(&second);
}

static void
each_nonce_that_waits_is_answered_once_in_one_tree(void **state)
{
    shop_t *self = *state;
    name_us(self);
    fault_t *fault = &self->bench->fault;
    static const char digits[] = "00112233445566778899aabbccddeef0";
    nonce_t nonce;
    assert_true(nonce_read(digits, &nonce));
    assert_fault(self->bench, metronome_ask(self->metronome, "W1", digits, fault), FAULT_FORMAT);
    assert_fault(self->bench, metronome_ask(self->metronome, "w1", "00", fault), FAULT_FORMAT);
    static const char *const workers[] = {"w1", "w2", "s1", "w2"};
    for (size_t i = 0; i < ARRAY_SIZE(workers); i++)
        assert_fine(self->bench, metronome_ask(self->metronome, workers[i], digits, fault));
    assert_fine(self->bench, beat(self, 1));
    CLEANUP(beacon_destroy) beacon_t *beacon = newest(self);
    slice_t leaves = metronome_tick(self->metronome).leaves;
    assert_int_equal(beacon->nonce_count, 3);
    assert_int_equal(leaves.size, 3 * sizeof(hash_t));
    CLEANUP(tree_destroy) tree_t *tree = tree_new();
    hash_t leaf, path[TREE_PATH_MAX], own = beacon_leaf("w1", &nonce);
    for (size_t i = 0; i < 3; i++) {
        memcpy(&leaf, leaves.data + i * sizeof leaf, sizeof leaf);
        tree_append(tree, &leaf);
    }
    for (size_t i = 0; i < 3; i++) {
        CLEANUP(bytes_destroy) bytes_t *place = bytes_new();
        memcpy(&leaf, leaves.data + i * sizeof leaf, sizeof leaf);
        beacon_add_place(place, i, 3, path, tree_path(tree, i, path));
        assert_int_equal(beacon_answers(beacon, "w1", &nonce, bytes_slice(place)),
                         hash_equal(&leaf, &own));
    }
    assert_fine(self->bench, beat(self, 2));
    assert_int_equal(metronome_tick(self->metronome).leaves.size, 0);
}

static void
a_site_folder_is_brought_as_far_as_it_is_newer(void **state)
{
    shop_t *self = *state;
    shop_t other = {.bench = self->bench};
    char folder[96];
    name_us(self);
    snprintf(folder, sizeof folder, "%s/site", self->folder);
    text_copy(other.folder, sizeof other.folder, "/tmp/tocsin-metronome-XXXXXX");
    assert_non_null(mkdtemp(other.folder));
    restart(&other);
    for (int i = 0; i < 2; i++) {
        assert_fine(self->bench, metronome_bring(other.metronome, folder, &self->bench->fault));
        assert_int_equal(trust_root(metronome_trust(other.metronome))->version, 2);
        assert_int_equal(trust_fleet_count(metronome_trust(other.metronome)), 1);
    }
    assert_fault(self->bench,
                 metronome_bring(other.metronome, "/nowhere/at/all", &self->bench->fault),
                 FAULT_IO);
    snprintf(folder, sizeof folder, "rm -r %s", other.folder);
    metronome_destroy(&other.metronome);
    assert_int_equal(system(folder), 0);
}

static void
a_beacon_file_that_is_damaged_ends_it(void **state)
{
    shop_t *self = *state;
    char path[96];
    curvekey_t curve = site_curve("tick");
    site_t *site = self->bench->site;
    snprintf(path, sizeof path, "%s/beacon", self->folder);
    static const char *const texts[] = {"tocsin-beacon v1\n", "tocsin-beacon v1\nend\n"};
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        assert_int_equal(file_write(path, slice_text(texts[i]), 0600, NULL), 0);
        assert_fault(self->bench,
                     !metronome_load(self->folder, &site->id, site_key(site, "tick"), &curve,
                                     &self->bench->fault),
                     FAULT_FORMAT);
    }
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_shop, close_shop)
    const struct CMUnitTest tests[] = {
        TEST(nothing_is_signed_before_root_names_its_keys),
        TEST(a_beacon_names_what_it_keeps_and_holds),
        TEST(sequence_and_time_go_on_after_a_restart_and_never_back),
        TEST(a_stop_is_durable_and_in_the_next_beacon),
        TEST(a_second_resume_of_a_stop_changes_nothing),
        TEST(each_nonce_that_waits_is_answered_once_in_one_tree),
        TEST(a_site_folder_is_brought_as_far_as_it_is_newer),
        TEST(a_beacon_file_that_is_damaged_ends_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
