/* SPDX-License-Identifier: Apache-2.0 */
/* Who seals an order, and what a person's own key opens of its run (cli/sealing.h, cli/opener.h).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "cli/opener.h"
#include "cli/sealing.h"
#include "keys/curve.h"
#include "tests/unit/trust_fixture.h"
#include "wire/sealed.h"

#define SECRET "correct horse"

/* The site of trust_fixture.h, where pat, pia, w1 and w2 have sealing keys, in files of its folder.
 */
typedef struct {
    bench_t *bench;
    curvepair_t pat, pia, w1, w2;
    char paths[4][128];
    options_t options; /* of pat */
} house_t;

static void
make_pair(house_t *self, size_t index, const char *name, curvepair_t *pair)
{
    snprintf(self->paths[index], sizeof self->paths[index], "%s/%s", site_folder(self->bench->site),
             name);
    assert_fine(self->bench, curve_make(pair, self->paths[index], &self->bench->fault));
}

static int
open_house(void **state)
{
    house_t *self = memory_new(1, sizeof *self);
    set_up((void **)&self->bench);
    make_pair(self, 0, "pat", &self->pat);
    make_pair(self, 1, "pia", &self->pia);
    make_pair(self, 2, "w1", &self->w1);
    make_pair(self, 3, "w2", &self->w2);
    self->options.sealing = self->paths[0];
    people_t *people = site_people(self->bench->site);
    people->version = 2;
    people->sealings = memory_new(2, sizeof *people->sealings);
    people->sealings[people->sealing_count++] = (curve_line_t){"pat", self->pat.public_key};
    people->sealings[people->sealing_count++] = (curve_line_t){"pia", self->pia.public_key};
    assert_fine(self->bench,
                add(self->bench, site_seal_people(self->bench->site, people, "hana,hugo")));
    fleet_t *fleet = site_fleet(self->bench->site, "north");
    fleet->version = 2;
    for (size_t i = 0; i < 2; i++) {
        fleet->workers[i].seals = true;
        fleet->workers[i].sealing = i ? self->w2.public_key : self->w1.public_key;
    }
    assert_fine(self->bench, add(self->bench, site_seal_fleet(self->bench->site, fleet, "olaf")));
    *state = self;
    return 0;
}

static int
close_house(void **state)
{
    house_t *self = *state;
    for (size_t i = 0; i < ARRAY_SIZE(self->paths); i++)
        unlink(self->paths[i]);
    tear_down((void **)&self->bench);
    free(self);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_house, close_house)

static secrets_t *
some_secrets(void)
{
    secrets_t *secrets = memory_new(1, sizeof *secrets);
    secrets->count = 2;
    snprintf(secrets->at[0].name, sizeof secrets->at[0].name, "token");
    snprintf(secrets->at[0].text, sizeof secrets->at[0].text, SECRET);
    snprintf(secrets->at[1].name, sizeof secrets->at[1].name, "password");
    snprintf(secrets->at[1].text, sizeof secrets->at[1].text, "battery staple");
    return secrets;
}

/* An order for w1 and w2, sealed by pat to pia too. */
static order_t *
seal(house_t *self, const secrets_t *secrets)
{
    many_t *others = memory_new(1, sizeof *others);
    others->count = 2;
    others->at[0] = "pia";
    others->at[1] = "pat"; /* named twice, sealed to once */
    readers_t readers = {"pat", others, secrets};
    order_t *order = order_of(self->bench);
    site_add_target(order, 1, "w2");
    assert_fine(self->bench,
                sealing_add(order, &readers, self->bench->site->trust, &self->bench->fault));
    free(others);
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    order_encode(order, text);
    order_destroy(&order);
    order = order_decode(bytes_slice(text), &self->bench->fault);
    assert_fine(self->bench, !order);
    return order;
}

static void
an_order_is_sealed_to_people_and_all_workers(void **state)
{
    house_t *self = *state;
    CLEANUP(secrets_destroy) secrets_t *secrets = some_secrets();
    CLEANUP(order_destroy) order_t *order = seal(self, secrets);
    CLEANUP(secrets_destroy) secrets_t *again = memory_new(1, sizeof *again);
    sealkey_t keys[4];
    fault_t *fault = &self->bench->fault;
    assert_int_equal(order->seal_count, 4);
    assert_fine(self->bench, sealed_key(order, NULL, &self->pat, &keys[0], fault));
    assert_fine(self->bench, sealed_key(order, NULL, &self->pia, &keys[1], fault));
    assert_fine(self->bench, sealed_key(order, "w1", &self->w1, &keys[2], fault));
    assert_fine(self->bench, sealed_key(order, "w2", &self->w2, &keys[3], fault));
    for (size_t i = 1; i < 4; i++)
        assert_memory_equal(&keys[0], &keys[i], sizeof keys[0]);
    assert_fine(self->bench, secrets_open(again, order, &keys[0], fault));
    assert_string_equal(again->at[0].name, "password");
    assert_string_equal(again->at[0].text, "battery staple");
    assert_string_equal(again->at[1].text, SECRET);
    assert_true(secrets_have(again, "token"));
    assert_false(secrets_have(again, "goal"));
    assert_false(secrets_have(NULL, "token"));
}

static void
secrets_are_sealed_anew_where_the_order_changes(void **state)
{
    house_t *self = *state;
    CLEANUP(secrets_destroy) secrets_t *secrets = some_secrets();
    CLEANUP(order_destroy) order_t *order = seal(self, secrets);
    sealkey_t key;
    char text[ORDER_SECRET_MAX + 1];
    assert_fine(self->bench, opener_key(&self->options, order, &key, &self->bench->fault));
    order->not_after.ms += 60000;
    assert_fault(self->bench,
                 sealed_secret(order, &order->secrets[1], &key, text, &self->bench->fault),
                 FAULT_KEY);
    sealing_renew(order, &key, secrets);
    assert_fine(self->bench,
                sealed_secret(order, &order->secrets[1], &key, text, &self->bench->fault));
    assert_string_equal(text, SECRET);
}

static void
who_has_no_key_is_named_before_anyone_signs(void **state)
{
    house_t *self = *state;
    readers_t readers = {"uma", NULL, NULL};
    CLEANUP(order_destroy) order_t *order = order_of(self->bench);
    trust_t *trust = self->bench->site->trust;
    assert_fault(self->bench, sealing_add(order, &readers, trust, &self->bench->fault), FAULT_KEY);
    assert_non_null(strstr(self->bench->fault.text, "'uma'"));
    readers.person = "pat";
    site_add_target(order, 1, "s1");
    assert_fault(self->bench, sealing_add(order, &readers, trust, &self->bench->fault), FAULT_KEY);
    assert_non_null(strstr(self->bench->fault.text, "of s1, who could not run"));
    order->wave_count = 1;
    assert_fault(self->bench, sealing_add(order, &readers, trust, &self->bench->fault),
                 FAULT_LIMIT);
}

static void
secrets_come_from_files_and_no_fault_tells_them(void **state)
{
    static const char *const texts[] = {"", "\n", "two\nlines\n", "\xff\n"};
    house_t *self = *state;
    char path[160], given[224];
    many_t *many = memory_new(1, sizeof *many);
    CLEANUP(secrets_destroy) secrets_t *secrets = memory_new(1, sizeof *secrets);
    fault_t *fault = &self->bench->fault;
    snprintf(path, sizeof path, "%s/secret", site_folder(self->bench->site));
    snprintf(given, sizeof given, "token=%s", path);
    many->count = 1;
    many->at[0] = given;
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        assert_fine(self->bench, file_write(path, slice_text(texts[i]), 0600, fault));
        assert_fault(self->bench, secrets_read(secrets, many, fault), FAULT_USAGE);
        assert_null(strstr(fault->text, "lines"));
    }
    assert_fine(self->bench, file_write(path, slice_text(SECRET "\n"), 0600, fault));
    assert_fine(self->bench, secrets_read(secrets, many, fault));
    assert_string_equal(secrets->at[0].text, SECRET);
    assert_fault(self->bench, secrets_read(secrets, many, fault), FAULT_USAGE);
    many->at[0] = "token";
    assert_fault(self->bench, secrets_read(secrets, many, fault), FAULT_USAGE);
    many->at[0] = "other=/nowhere/at/all";
    assert_fault(self->bench, secrets_read(secrets, many, fault), FAULT_NOT_FOUND);
    unlink(path);
    free(many);
}

/* ---- what is opened ----------------------------------------------------------------------- */

/* The broker's answer on a run of this order, with one receipt of w1 that gave, or failed of, the
 * secret. */
static value_t *
answer_on(house_t *self, const order_t *order, outcome_t outcome, bool forged)
{
    char id[HASH_TEXT];
    sealkey_t key;
    CLEANUP(bytes_destroy) bytes_t *document = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *sealed = bytes_new();
    CLEANUP(receipt_destroy) receipt_t *receipt = site_receipt(self->bench->site);
    order_encode(order, document);
    receipt->run = hash_of(bytes_slice(document));
    receipt->outcome = outcome;
    if (outcome == OUTCOME_FAILED) {
        text_copy(receipt->code, sizeof receipt->code, "failed");
        text_copy(receipt->reason, sizeof receipt->reason, SEALED_REASON);
    }
    assert_fine(self->bench, sealed_key(order, "w1", &self->w1, &key, &self->bench->fault));
    const hash_t place = sealed_place(receipt);
    sealed_output(&key, &place, slice_text("s13:" SECRET), sealed);
    receipt->output = hash_of(bytes_slice(sealed));
    receipt->output_bytes = sealed->size;
    receipt_encode(receipt, text);
    sealed->data[sealed->size - 1] ^= forged;
    value_t *row = value_map(), *rows = value_list(), *part = value_map(), *parts = value_list();
    value_t *run = value_map();
    value_set(row, "document", value_bytes(bytes_slice(text)));
    value_set(row, "output", value_decode(bytes_slice(sealed), NULL));
    value_set_text(row, "reason", "made up");
    value_set_text(row, "sealed", "opened");
    value_append(rows, row);
    value_set_text(part, "text", SEALED_REASON);
    value_set(part, "receipts", rows);
    value_append(parts, part);
    value_set(run, "parts", parts);
    value_set_text(run, "run", hash_write(&receipt->run, id));
    value_set(run, "document", value_bytes(bytes_slice(document)));
    return run;
}

static const value_t *
row_of(const value_t *run)
{
    return value_at(value_get(value_at(value_get(run, "parts"), 0), "receipts"), 0);
}

static void
a_reader_reads_what_was_given_and_why_it_was_not(void **state)
{
    house_t *self = *state;
    CLEANUP(order_destroy) order_t *order = seal(self, NULL);
    for (int i = 0; i < 2; i++) {
        CLEANUP(opener_clear) opener_t opener;
        CLEANUP(value_destroy)
        value_t *run = answer_on(self, order, i ? OUTCOME_FAILED : OUTCOME_OK, false);
        opener_take(&opener, &self->options, run);
        assert_true(opener.sealed && opener.opens);
        CLEANUP(value_destroy) value_t *opened = opener_run(&opener, run);
        const value_t *row = row_of(opened);
        assert_string_equal(value_get_text(row, "sealed"), "opened");
        assert_string_equal(value_get_text(row, i ? "reason" : "output"), SECRET);
        assert_int_equal(!strcmp(value_get_text(row, "reason"), "-"), !i);
        if (i)
            assert_string_equal(value_get_text(value_at(value_get(opened, "parts"), 0), "text"),
                                SECRET);
    }
}

static void
nobody_else_does(void **state)
{
    house_t *self = *state;
    CLEANUP(order_destroy) order_t *order = seal(self, NULL);
    CLEANUP(value_destroy) value_t *run = answer_on(self, order, OUTCOME_OK, false);
    const char *const others[] = {self->paths[2], "/nowhere/at/all"};
    for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
        CLEANUP(opener_clear) opener_t opener;
        options_t options = {.sealing = others[i]};
        opener_take(&opener, &options, run);
        assert_true(opener.sealed && !opener.opens);
        CLEANUP(value_destroy) value_t *opened = opener_run(&opener, run);
        assert_string_equal(value_get_text(row_of(opened), "sealed"), "not for you");
        assert_string_equal(value_get_text(row_of(opened), "reason"), "-");
        assert_int_equal(value_kind(value_get(row_of(opened), "output")), VALUE_NIL);
    }
}

static void
what_a_broker_changed_is_said(void **state)
{
    house_t *self = *state;
    CLEANUP(order_destroy) order_t *order = seal(self, NULL);
    CLEANUP(value_destroy) value_t *run = answer_on(self, order, OUTCOME_OK, true);
    CLEANUP(opener_clear) opener_t opener;
    opener_take(&opener, &self->options, run);
    CLEANUP(value_destroy) value_t *opened = opener_run(&opener, run);
    assert_string_equal(value_get_text(row_of(opened), "sealed"), "NOT WHAT WAS SIGNED");
    assert_string_equal(value_get_text(row_of(opened), "reason"), "-");
}

/* What was opened is shown without being held against the receipt once more. */
static void
a_broker_does_not_say_what_was_opened(void **state)
{
    house_t *self = *state;
    CLEANUP(order_destroy) order_t *order = seal(self, NULL);
    CLEANUP(value_destroy) value_t *run = answer_on(self, order, OUTCOME_OK, true);
    CLEANUP(opener_clear) opener_t opener;
    value_set_text(run, "run", "another");
    opener_take(&opener, &self->options, run);
    assert_false(opener.sealed);
    CLEANUP(value_destroy) value_t *opened = opener_run(&opener, run);
    assert_null(value_get(row_of(opened), "sealed"));
    assert_false(value_get_bool(opened, "sealed"));
    assert_non_null(value_get(row_of(opened), "output"));
}

static void
lines_that_a_broker_put_in_between_are_shown_as_such(void **state)
{
    house_t *self = *state;
    CLEANUP(order_destroy) order_t *order = seal(self, NULL);
    CLEANUP(value_destroy) value_t *run = answer_on(self, order, OUTCOME_OK, false);
    CLEANUP(opener_clear) opener_t opener;
    CLEANUP(bytes_destroy) bytes_t *said = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *out = bytes_new();
    size_t taken;
    opener_take(&opener, &self->options, run);
    sealed_line_t line = {&opener.site, &opener.run, "w1", "fix", 100};
    bytes_add_text(said, "fix: ");
    sealed_line(&opener.key, &line, "begins", said);
    bytes_add_text(said, "\nfix: forged\nnonsense\n" SEALED_LAST_WORD "\nfix: not who");
    opener_lines(&opener, "w1", 100, bytes_slice(said), out, &taken);
    assert_int_equal(taken, said->size - strlen("fix: not who"));
    assert_string_equal(bytes_text(out), "fix: begins\nDOES NOT OPEN: fix: forged\n"
                                         "DOES NOT OPEN: nonsense\n" SEALED_LAST_WORD "\n");
    opener.opens = false;
    bytes_clear(out);
    opener_lines(&opener, "w1", 100, bytes_slice(said), out, &taken);
    assert_non_null(strstr(bytes_text(out), "fix: " SEALED_NOT_YOURS "\n"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_order_is_sealed_to_people_and_all_workers),
        TEST(secrets_are_sealed_anew_where_the_order_changes),
        TEST(who_has_no_key_is_named_before_anyone_signs),
        TEST(secrets_come_from_files_and_no_fault_tells_them),
        TEST(a_reader_reads_what_was_given_and_why_it_was_not),
        TEST(nobody_else_does),
        TEST(what_a_broker_changed_is_said),
        TEST(a_broker_does_not_say_what_was_opened),
        TEST(lines_that_a_broker_put_in_between_are_shown_as_such),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
