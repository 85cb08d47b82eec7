/* SPDX-License-Identifier: Apache-2.0 */
/* What `audit verify` says of an export of one order and one receipt of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/command.h"
#include "tests/unit/trust_fixture.h"
#include "wire/checkpoint.h"

static char folder[64], root_path[96], export_path[96];

/* What cli/tocsin_main.c gives the program. */
int
command_fail(const fault_t *fault)
{
    return fault_exit(fault->code);
}

int
command_usage(const command_t *command, const char *format, ...)
{
    (void)command, (void)format;
    return fault_exit(FAULT_USAGE);
}

const command_t *
command_row(const command_t *rows, const char *verb)
{
    while (strcmp(rows->verb, verb) != 0)
        rows++;
    return rows;
}

static void
add_sealed(bytes_t *text, const sealed_t *sealed)
{
    bytes_add_slice(text, bytes_slice(sealed->document));
    bytes_add_slice(text, bytes_slice(sealed->armors));
}

/* The leaf's bytes go into out as an export has them, and into the log. */
static void
add_leaf(bytes_t *out, merkle_t *log, const char *kind, const sealed_t *sealed)
{
    CLEANUP(bytes_destroy) bytes_t *leaf = bytes_new();
    bytes_addf(leaf, "%s\n", kind);
    add_sealed(leaf, sealed);
    bytes_addf(out, "leaf %llu %zu\n", (unsigned long long)log->size, leaf->size);
    bytes_add_slice(out, bytes_slice(leaf));
    bytes_add_text(out, "\n");
    hash_t hash = hash_leaf(bytes_slice(leaf));
    merkle_append(log, &hash);
}

static bool behind; /* the order comes behind its receipt */

static sealed_t replaced; /* what the export brings along of the past; empty for nothing */

static void
write_export(bench_t *bench, const char *broker, const sealed_t *order, const sealed_t *receipt)
{
    merkle_t log = {0};
    const site_t *site = bench->site;
    const sealed_t *all[] = {&site->root, &site->people, &site->north, &site->south};
    CLEANUP(bytes_destroy) bytes_t *leaves = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *document = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *armor = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    if (!behind)
        add_leaf(leaves, &log, "order", order);
    add_leaf(leaves, &log, "receipt", receipt);
    if (behind)
        add_leaf(leaves, &log, "order", order);
    checkpoint_t checkpoint = checkpoint_of(&site->id, broker, &log, site->now);
    checkpoint_sign(&checkpoint, site_key(bench->site, "broker"), document, armor);
    bytes_addf(text, "tocsin-export v1\n%s%s", bytes_text(document), bytes_text(armor));
    for (size_t i = 0; i < ARRAY_SIZE(all); i++)
        add_sealed(text, all[i]);
    if (replaced.document) {
        bytes_add_text(text, "past\n");
        add_sealed(text, &replaced);
    }
    bytes_add_slice(text, bytes_slice(leaves));
    bytes_add_text(text, "end\n");
    assert_int_equal(file_write(root_path, bytes_slice(site->root.document), 0600, &bench->fault),
                     0);
    assert_int_equal(file_write(export_path, bytes_slice(text), 0600, &bench->fault), 0);
}

/* The exit status for an order, which breaks glass or not, and a receipt that says this of it; of
 * each broker one log is remembered. */
static int
verify(bench_t *bench, const char *broker, bool glass, const char *authority)
{
    char verb[] = "verify", option[] = "--root";
    char *argv[] = {verb, export_path, option, root_path, NULL};
    options_t options = {.json = true, .wait_s = -1};
    order_t *order = order_of(bench);
    if (glass)
        text_copy(order->break_glass, sizeof order->break_glass, "it burns");
    sealed_t ordered CLEANUP(sealed_done) = site_seal_order(bench->site, order, "pat");
    if (glass)
        site_sign(bench->site, SIGN_COSIGN, bytes_slice(ordered.document), "pia", ordered.armors);
    receipt_t *receipt = site_receipt(bench->site);
    receipt->run = hash_of(bytes_slice(ordered.document));
    text_copy(receipt->authority, sizeof receipt->authority, authority);
    sealed_t received CLEANUP(sealed_done) = site_seal_receipt(bench->site, receipt, "w1");
    write_export(bench, broker, &ordered, &received);
    return command_row(audit_commands, "verify")->run(&options, 4, argv);
}

static void
a_receipt_says_whether_its_order_broke_glass(void **state)
{
    static const struct {
        const char *broker, *authority;
        bool glass, holds;
    } rows[] = {{"a", "order", false, true},
                {"b", "glass", true, true},
                {"c", "order", true, false},
                {"d", "glass", false, false},
                {"e", "token", true, false}};
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        assert_int_equal(verify(*state, rows[i].broker, rows[i].glass, rows[i].authority),
                         rows[i].holds ? 0 : fault_exit(FAULT_FAILED));
}

static void
an_order_may_come_behind_its_receipt(void **state)
{
    behind = true;
    assert_int_equal(verify(*state, "a", true, "glass"), 0);
    assert_int_equal(verify(*state, "b", true, "order"), fault_exit(FAULT_FAILED));
    behind = false;
}

/* Whoever writes the file writes its dossier too: there is the root's hash, and nothing else, to
 * hold it against. */
static void
documents_that_no_quorum_signed_are_none(void **state)
{
    bench_t *bench = *state;
    site_t *site = bench->site;
    assert_int_equal(verify(bench, "a", false, "order"), 0);
    sealed_t genuine = site->people;
    site->people = site_seal_people(site, site_people(site), "hana");
    assert_int_equal(verify(bench, "b", false, "order"), fault_exit(FAULT_QUORUM));
    sealed_done(&site->people);
    site->people = site_seal_people(site, site_people(site), "zoe,olaf");
    assert_int_equal(verify(bench, "c", false, "order"), fault_exit(FAULT_QUORUM));
    sealed_done(&site->people);
    site->people = genuine;
    genuine = site->north;
    site->north = site_seal_fleet(site, site_fleet(site, "north"), "pat");
    assert_int_equal(verify(bench, "d", false, "order"), fault_exit(FAULT_ROLE));
    sealed_done(&site->north);
    site->north = genuine;
    assert_int_equal(verify(bench, "e", false, "order"), 0);
}

static void
who_left_was_there_once(void **state)
{
    bench_t *bench = *state;
    site_t *site = bench->site;
    sealed_t genuine = site->people;
    people_t *people = site_people(site);
    people->version = 2;
    for (size_t i = 0; i < people->key_count; i++)
        if (!strcmp(people->keys[i].person, "pat"))
            people->keys[i].key = *machinekey_public(site_key(site, "nobody"));
    site->people = site_seal_people(site, people, "hana,hugo");
    assert_int_equal(verify(bench, "a", false, "order"), fault_exit(FAULT_FAILED));
    replaced = genuine;
    assert_int_equal(verify(bench, "b", false, "order"), 0);
    replaced = site_seal_people(site, site_people(site), "hana");
    assert_int_equal(verify(bench, "c", false, "order"), fault_exit(FAULT_FAILED));
    sealed_done(&replaced);
    replaced = (sealed_t){0};
    sealed_done(&site->people);
    site->people = genuine;
}

static void
a_worker_that_left_was_there_once(void **state)
{
    bench_t *bench = *state;
    site_t *site = bench->site;
    sealed_t genuine = site->north;
    fleet_t *fleet = site_fleet(site, "north");
    fleet->version = 2;
    for (size_t i = 0; i < fleet->worker_count; i++)
        if (!strcmp(fleet->workers[i].id, "w1"))
            fleet->workers[i].key = *machinekey_public(site_key(site, "nobody"));
    site->north = site_seal_fleet(site, fleet, "olaf");
    assert_int_equal(verify(bench, "a", false, "order"), fault_exit(FAULT_FAILED));
    replaced = genuine;
    assert_int_equal(verify(bench, "b", false, "order"), 0);
    replaced = site_seal_fleet(site, site_fleet(site, "north"), "pat");
    assert_int_equal(verify(bench, "c", false, "order"), fault_exit(FAULT_FAILED));
    sealed_done(&replaced);
    replaced = (sealed_t){0};
    sealed_done(&site->north);
    site->north = genuine;
}

static int
begin(void **state)
{
    snprintf(folder, sizeof folder, "/tmp/test-audit-XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    setenv("XDG_STATE_HOME", folder, 1);
    snprintf(root_path, sizeof root_path, "%s/root.1", folder);
    snprintf(export_path, sizeof export_path, "%s/export", folder);
    return set_up(state);
}

static int
end(void **state)
{
    char command[96];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return tear_down(state) || system(command);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_receipt_says_whether_its_order_broke_glass, begin, end),
        cmocka_unit_test_setup_teardown(an_order_may_come_behind_its_receipt, begin, end),
        cmocka_unit_test_setup_teardown(documents_that_no_quorum_signed_are_none, begin, end),
        cmocka_unit_test_setup_teardown(who_left_was_there_once, begin, end),
        cmocka_unit_test_setup_teardown(a_worker_that_left_was_there_once, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
