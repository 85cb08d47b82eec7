/* SPDX-License-Identifier: Apache-2.0 */
/* The grammar that all documents share; orders, roots, people and fleets. */
#include "documents_fixture.h"
#include "keys/keyring.h"

static void
all_types_have_one_spelling(void **state)
{
    (void)state;
    CLEANUP(bytes_destroy) bytes_t *release = text_of_release(site_release(site));
    CLEANUP(bytes_destroy) bytes_t *order = text_of_order(full_order());
    CLEANUP(bytes_destroy) bytes_t *grant = text_of_grant(full_grant());
    CLEANUP(bytes_destroy) bytes_t *alert = text_of_alert(site_alert(site));
    CLEANUP(bytes_destroy) bytes_t *receipt = text_of_receipt(site_receipt(site));
    hash_t stop = hash_of(slice_text("stop"));
    CLEANUP(bytes_destroy) bytes_t *large = text_of_order(large_order());
    CLEANUP(bytes_destroy) bytes_t *consent = text_of_consent(full_consent(false));
    CLEANUP(bytes_destroy) bytes_t *answer = text_of_consent(full_consent(true));
    CLEANUP(bytes_destroy) bytes_t *halt = text_of_stop(site_stop(site, HALT_REGION, "north"));
    CLEANUP(bytes_destroy) bytes_t *resume = text_of_resume(site_resume(site, &stop));
    CLEANUP(bytes_destroy) bytes_t *root = text_of_root(site_root_next(site));
    assert_int_equal(judge_order(bytes_slice(large)), FAULT_NONE);
    assert_int_equal(judge_consent(bytes_slice(consent)), FAULT_NONE);
    assert_int_equal(judge_consent(bytes_slice(answer)), FAULT_NONE);
    assert_int_equal(judge_stop(bytes_slice(halt)), FAULT_NONE);
    assert_int_equal(judge_resume(bytes_slice(resume)), FAULT_NONE);
    assert_int_equal(judge_root(bytes_slice(site->root.document)), FAULT_NONE);
    assert_int_equal(judge_root(bytes_slice(root)), FAULT_NONE);
    assert_int_equal(judge_people(bytes_slice(site->people.document)), FAULT_NONE);
    assert_int_equal(judge_fleet(bytes_slice(site->north.document)), FAULT_NONE);
    assert_int_equal(judge_release(bytes_slice(release)), FAULT_NONE);
    assert_int_equal(judge_order(bytes_slice(order)), FAULT_NONE);
    assert_int_equal(judge_grant(bytes_slice(grant)), FAULT_NONE);
    assert_int_equal(judge_alert(bytes_slice(alert)), FAULT_NONE);
    assert_int_equal(judge_receipt(bytes_slice(receipt)), FAULT_NONE);
}

/* No document stands one byte away from itself: each change is refused or is another document. */
static void
documents_cut_or_flipped_anywhere(void **state)
{
    (void)state;
    CLEANUP(bytes_destroy) bytes_t *order = text_of_order(full_order());
    for (size_t i = 0; i < order->size; i++) {
        assert_int_not_equal(judge_order(slice_of(order->data, i)), FAULT_NONE);
        for (unsigned flip = 1; flip < 256; flip <<= 1) {
            order->data[i] ^= (uint8_t)flip;
            judge_order(bytes_slice(order));
            order->data[i] ^= (uint8_t)flip;
        }
    }
}

static void
doc_noncanonical_int_leading_zero(void **state)
{
    (void)state;
    CLEANUP(bytes_destroy) bytes_t *order = text_of_order(full_order());
    assert_int_equal(judge_edit(judge_order, order, "soak 30", "soak 030"), FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_order, order, "soak 30", "soak +30"), FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_order, order, "target 1 ", "target 01 "), FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_people, site->people.document, "version 1", "version 0"),
                     FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_people, site->people.document, "version 1",
                                "version 99999999999999999999"),
                     FAULT_FORMAT);
}

static void
doc_duplicate_key(void **state)
{
    (void)state;
    CLEANUP(bytes_destroy) bytes_t *order = text_of_order(full_order());
    assert_int_equal(judge_edit(judge_order, order, "mode run\n", "mode run\nmode run\n"),
                     FAULT_FORMAT);
    assert_int_equal(
        judge_edit(judge_order, order, "input goal 80\n", "input goal 80\ninput goal 90\n"),
        FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_order, order, "mode run\n", ""), FAULT_FORMAT);
    assert_int_equal(
        judge_edit(judge_order, order, "soak 30\nmax-failures 1\n", "max-failures 1\nsoak 30\n"),
        FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_order, order, "end\n", "extra x\nend\n"), FAULT_FORMAT);
}

static void
doc_unsorted_repeat(void **state)
{
    (void)state;
    CLEANUP(bytes_destroy) bytes_t *order = text_of_order(full_order());
    assert_int_equal(judge_edit(judge_order, order, "target 2 s1\ntarget 2 w2/router\n",
                                "target 2 w2/router\ntarget 2 s1\n"),
                     FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_order, order, "target 2 s1\n", "target 2 s1\ntarget 2 s1\n"),
                     FAULT_FORMAT);
}

/* Numbers and words among the ids make a circle of neighbours that ascend. */
static void
doc_repeat_that_neighbours_hide(void **state)
{
    (void)state;
    CLEANUP(bytes_destroy) bytes_t *order = text_of_order(full_order());
    static const char circle[] = "target 2 9\ntarget 2 10\ntarget 2 1a\ntarget 2 9\n";
    assert_int_equal(judge_edit(judge_order, order, "target 2 s1\n", circle), FAULT_FORMAT);
}

static void
doc_nul_or_bad_utf8(void **state)
{
    (void)state;
    CLEANUP(bytes_destroy) bytes_t *order = text_of_order(full_order());
    static const char *const bad[] = {"\xff", "\xc0\x80", "\xed\xa0\x80", "\xe2\x82",
                                      "\x01", "\x7f",     "\r",           "\t"};
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        assert_int_equal(judge_edit(judge_order, order, "the disk", bad[i]), FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_order, order, "the disk", "\xc3\xa9t\xc3\xa9"), FAULT_NONE);
    assert_int_equal(judge_edit(judge_order, order, "playbook disk-full", "playbook d\xc3\xa9"),
                     FAULT_FORMAT);
    uint8_t *at = memmem(order->data, order->size, "the disk", 8);
    at[3] = '\0';
    assert_int_equal(judge_order(bytes_slice(order)), FAULT_FORMAT);
}

static void
doc_bidi_override_in_reason(void **state)
{
    (void)state;
    CLEANUP(bytes_destroy) bytes_t *order = text_of_order(full_order());
    static const char *const bad[] = {"\xe2\x80\xae", "\xe2\x81\xa6", "\xe2\x80\x8b",
                                      "\xc2\xad",     "\xef\xbb\xbf", "\xe2\x80\xa8"};
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        assert_int_equal(judge_edit(judge_order, order, "the disk", bad[i]), FAULT_FORMAT);
}

static void
doc_oversize_line(void **state)
{
    (void)state;
    CLEANUP(bytes_destroy) bytes_t *order = text_of_order(full_order());
    char text[DOCUMENT_LINE_MAX + 1];
    memset(text, 'x', sizeof text);
    text[DOCUMENT_LINE_MAX] = '\0';
    assert_int_equal(judge_edit(judge_order, order, "the disk of w1 is full", text), FAULT_LIMIT);
    text[ORDER_REASON_MAX + 1] = '\0';
    assert_int_equal(judge_edit(judge_order, order, "the disk of w1 is full", text), FAULT_LIMIT);
    text[ORDER_REASON_MAX] = '\0';
    assert_int_equal(judge_edit(judge_order, order, "the disk of w1 is full", text), FAULT_NONE);
    assert_int_equal(judge_edit(judge_order, order, "input goal 80", "input goal %"), FAULT_NONE);
    CLEANUP(bytes_destroy) bytes_t *huge = bytes_copy(bytes_slice(order));
    while (huge->size <= DOCUMENT_BYTES_MAX)
        bytes_add_text(huge, "x y\n");
    assert_int_equal(judge_order(bytes_slice(huge)), FAULT_LIMIT);
}

static void
doc_missing_end(void **state)
{
    (void)state;
    CLEANUP(bytes_destroy) bytes_t *order = text_of_order(full_order());
    assert_int_equal(judge_edit(judge_order, order, "end\n", ""), FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_order, order, "end\n", "end"), FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_order, order, "end\n", "end\n\n"), FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_order, order, "end\n", "end\nend\n"), FAULT_FORMAT);
}

static void
doc_downgrade_min_version(void **state)
{
    (void)state;
    CLEANUP(bytes_destroy) bytes_t *order = text_of_order(full_order());
    assert_int_equal(judge_edit(judge_order, order, "order v1", "order v2"), FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_order, order, "order v1", "order v0"), FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_order, order, "tocsin-order", "tocsin-grant"), FAULT_FORMAT);
}

static void
values_have_one_spelling(void **state)
{
    (void)state;
    CLEANUP(bytes_destroy) bytes_t *order = text_of_order(full_order());
    assert_int_equal(judge_edit(judge_order, order, "goal 80", "goal %38%30"), FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_order, order, "%0A", "%0a"), FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_order, order, "%0A", "%00"), FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_order, order, "2026-11-22T03:04:05Z", "2026-11-22T03:04:05z"),
                     FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_order, order, "2026-11-22T03:04:05Z", "2026-02-30T03:04:05Z"),
                     FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_order, order, "00112233", "0011223A"), FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_order, order, "reason ", "reason"), FAULT_FORMAT);
}

/* orders */

static void
ord_empty_targets(void **state)
{
    (void)state;
    order_t *order = full_order();
    order->target_count = 0;
    CLEANUP(bytes_destroy) bytes_t *text = text_of_order(order);
    assert_int_equal(judge_order(bytes_slice(text)), FAULT_FORMAT);
}

static void
waves_have_no_gap_and_a_bound(void **state)
{
    (void)state;
    CLEANUP(bytes_destroy) bytes_t *order = text_of_order(full_order());
    assert_int_equal(judge_edit(judge_order, order, "target 1 w1", "target 2 a"), FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_order, order, "target 2 w2/router", "target 4 w2/router"),
                     FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_order, order, "target 2 w2/router", "target 3 w1"),
                     FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_order, order, "target 2 s1", "target 2 ../s1"), FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_order, order, "target 2 s1", "target 2 s1/"), FAULT_FORMAT);
    for (size_t targets = ORDER_WAVE_MAX; targets <= ORDER_WAVE_MAX + 1; targets++) {
        order_t *wide = full_order();
        wide->target_count = 0;
        for (size_t i = 0; i < targets; i++) {
            char id[TEXT_NAME_MAX + 1];
            snprintf(id, sizeof id, "x%03zu", i);
            site_add_target(wide, 1, id);
        }
        CLEANUP(bytes_destroy) bytes_t *text = text_of_order(wide);
        assert_int_equal(judge_order(bytes_slice(text)),
                         targets > ORDER_WAVE_MAX ? FAULT_LIMIT : FAULT_NONE);
    }
}

static void
waves_that_are_not_listed_go_on_behind_the_listed_ones(void **state)
{
    (void)state;
    CLEANUP(bytes_destroy) bytes_t *order = text_of_order(large_order());
    assert_int_equal(judge_edit(judge_order, order, "wave 3 65", "wave 3 64"), FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_order, order, "wave 3 65", "wave 2 65"), FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_order, order, "wave 3 65", "wave 5 65"), FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_order, order, "wave 4 100000", "wave 4 100001"),
                     FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_order, order, "wave 4 100000", "wave 5 100000"),
                     FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_order, order, "target 2 s1\ntarget 2 w2/router\n", ""),
                     FAULT_FORMAT);
    order_t *many = large_order();
    many->wave_count = ORDER_WAVES_MAX;
    for (unsigned i = 0; i < ORDER_WAVES_MAX; i++)
        many->waves[i] = (wave_line_t){3 + i, 65, {{0}}};
    CLEANUP(bytes_destroy) bytes_t *most = text_of_order(many);
    assert_int_equal(judge_order(bytes_slice(most)), FAULT_NONE);
    char hash[HASH_TEXT], line[128];
    snprintf(line, sizeof line, "wave 67 65 %s\ntarget 1", hash_write(&HASH_ZERO, hash));
    assert_int_equal(judge_edit(judge_order, most, "target 1", line), FAULT_LIMIT);
}

static void
waves_wait_for_the_one_before_or_the_gate(void **state)
{
    (void)state;
    CLEANUP(order_destroy) order_t *order = large_order();
    static const unsigned before[] = {0, 1, 2, 2};
    assert_int_equal(order_gate(order), 2);
    for (unsigned wave = 1; wave <= ARRAY_SIZE(before); wave++)
        assert_int_equal(order_wave_before(order, wave), before[wave - 1]);
    assert_null(order_wave(order, 2));
    assert_int_equal(order_wave(order, 4)->count, ORDER_WAVE_TARGETS_MAX);
    assert_null(order_wave(order, 5));
    assert_int_equal(order_target_total(order), 3 + 65 + ORDER_WAVE_TARGETS_MAX);
    order->target_count = 0;
    assert_int_equal(order_gate(order), 0);
    assert_int_equal(order_wave_before(order, 1), 0);
}

static void
order_continues_another_run_or_says_nothing(void **state)
{
    (void)state;
    char zero[HASH_TEXT], line[128];
    CLEANUP(bytes_destroy) bytes_t *order = text_of_order(full_order());
    assert_null(strstr(bytes_text(order), "continues"));
    snprintf(line, sizeof line, "max-failures 1\ncontinues %s\n", hash_write(&HASH_ZERO, zero));
    assert_int_equal(judge_edit(judge_order, order, "max-failures 1\n", line), FAULT_FORMAT);
}

static void
order_names_the_release_of_its_playbook(void **state)
{
    (void)state;
    CLEANUP(bytes_destroy) bytes_t *order = text_of_order(full_order());
    assert_int_equal(judge_edit(judge_order, order, "release disk-full", "release other"),
                     FAULT_FORMAT);
    char hash[HASH_TEXT], twice[128];
    snprintf(twice, sizeof twice, "release disk-full %s\nrelease disk-full",
             hash_write(&HASH_ZERO, hash));
    assert_int_equal(judge_edit(judge_order, order, "release disk-full", twice), FAULT_FORMAT);
    assert_int_equal(
        judge_edit(judge_order, order, "undo-until 2026-11-22T04", "undo-until 2026-11-22T03"),
        FAULT_FORMAT);
}

static void
order_finds_a_worker_by_its_whole_name(void **state)
{
    (void)state;
    CLEANUP(order_destroy) order_t *order = full_order();
    assert_int_equal(order_target(order, "w2")->wave, 2);
    assert_int_equal(order_target(order, "w1")->wave, 1);
    assert_null(order_target(order, "w"));
    assert_null(order_target(order, "router"));
}

/* root, people, fleets */

static void
root_rules_have_bounds(void **state)
{
    (void)state;
    bytes_t *root = site->root.document;
    assert_int_equal(judge_edit(judge_root, root, "quorum-root 2", "quorum-root 0"), FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_root, root, "quorum-order 1 1 2", "quorum-order 1 0 2"),
                     FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_root, root, "quorum-order 1 1 2", "quorum-order 1 1"),
                     FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_root, root, "quorum-order 1 1 2", "quorum-order 1  1 2"),
                     FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_root, root, "grant-days-max 30", "grant-days-max 366"),
                     FAULT_FORMAT);
    assert_int_equal(
        judge_edit(judge_root, root, "grant-days-max 30", "grant-days-max 30\nmin-version 2"),
        FAULT_NONE);
    assert_int_equal(
        judge_edit(judge_root, root, "grant-days-max 30", "grant-days-max 30\nmin-version 1"),
        FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_root, root, "site self",
                                "site 0000000000000000000000000000000000000000000000000000000000"
                                "000000"),
                     FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_root, root, "previous 0", "previous 1"), FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_root, root, "issued 2026", "issued 2029"), FAULT_FORMAT);
}

static void
people_lines_are_checked(void **state)
{
    (void)state;
    bytes_t *people = site->people.document;
    assert_int_equal(
        judge_edit(judge_people, people, "author,reviewer,responder", "reviewer,author,responder"),
        FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_people, people, "author,reviewer,responder", "author,author"),
                     FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_people, people, "destructive", "harmless"), FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_people, people, "region=north", "all"), FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_people, people, "ssh-ed25519", "ssh-rsa"), FAULT_KEY);
    assert_int_equal(judge_edit(judge_people, people, "abe author", "abe -"), FAULT_NONE);
}

static void
fleet_lines_are_checked(void **state)
{
    (void)state;
    bytes_t *fleet = site->north.document;
    assert_int_equal(judge_edit(judge_fleet, fleet, "role=web", "region=south"), FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_fleet, fleet, "region north", "region north.sigs"),
                     FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_fleet, fleet, "region north", "region n.new"), FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_fleet, fleet, "role=web", "role=web,role=db"), FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_fleet, fleet, "role=web", "a=b,role=web"), FAULT_NONE);
    assert_int_equal(judge_edit(judge_fleet, fleet, "web1.example w1", "web1.example w9"),
                     FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_fleet, fleet, "web1.example w1", "w2 w1"), FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_fleet, fleet, "host web1.example w1\n",
                                "host web1.example w1\nhost web1.example w2\n"),
                     FAULT_FORMAT);
}

static void
scopes_cover_all_their_labels(void **state)
{
    (void)state;
    assert_true(scope_covers("any", "-", "north"));
    assert_true(scope_covers("role=web", "role=web,site=hanoi", "north"));
    assert_true(scope_covers("region=north,role=web", "role=web", "north"));
    assert_false(scope_covers("region=north,role=web", "role=web", "south"));
    assert_false(scope_covers("region=north", "region=north", "south"));
    assert_false(scope_covers("role=web,tier=1", "role=web", "north"));
    assert_false(scope_covers("role=we", "role=web", "north"));
    assert_false(scope_covers("role=web", "-", "north"));
    assert_false(scope_covers("", "role=web", "north"));
    assert_false(scope_valid("role=web,role=web"));
    assert_false(scope_valid("b=1,a=1"));
    assert_false(scope_valid("a=1,"));
    assert_false(scope_valid("-"));
    assert_true(labels_valid("-"));
    assert_false(labels_valid("any"));
}

static void
hashes_are_those_of_the_standards(void **state)
{
    (void)state;
    char text[HASH_TEXT];
    hash_t hash = hash_of(slice_text("abc"));
    assert_string_equal(hash_write(&hash, text),
                        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    hash = hash_leaf(slice_text(""));
    assert_string_equal(hash_write(&hash, text),
                        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
    uint8_t zero = 0;
    hash_t right = hash_leaf(slice_of(&zero, 1));
    hash = hash_node(&hash, &right);
    assert_string_equal(hash_write(&hash, text),
                        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125");
    slice_t one[] = {slice_text("ab"), slice_text("c")},
            other[] = {slice_text("a"), slice_text("bc")};
    hash_t first = hash_of_parts(one, 2), second = hash_of_parts(other, 2);
    assert_false(hash_equal(&first, &second));
}

static void
no_ring_of_keys_is_nothing_to_destroy(void **state)
{
    keyring_t *none = NULL;
    (void)state;
    keyring_destroy(&none);
    assert_null(none);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_types_have_one_spelling),
        cmocka_unit_test(documents_cut_or_flipped_anywhere),
        cmocka_unit_test(doc_noncanonical_int_leading_zero),
        cmocka_unit_test(doc_duplicate_key),
        cmocka_unit_test(doc_unsorted_repeat),
        cmocka_unit_test(doc_repeat_that_neighbours_hide),
        cmocka_unit_test(doc_nul_or_bad_utf8),
        cmocka_unit_test(doc_bidi_override_in_reason),
        cmocka_unit_test(doc_oversize_line),
        cmocka_unit_test(doc_missing_end),
        cmocka_unit_test(doc_downgrade_min_version),
        cmocka_unit_test(values_have_one_spelling),
        cmocka_unit_test(ord_empty_targets),
        cmocka_unit_test(waves_have_no_gap_and_a_bound),
        cmocka_unit_test(waves_that_are_not_listed_go_on_behind_the_listed_ones),
        cmocka_unit_test(waves_wait_for_the_one_before_or_the_gate),
        cmocka_unit_test(order_continues_another_run_or_says_nothing),
        cmocka_unit_test(order_names_the_release_of_its_playbook),
        cmocka_unit_test(order_finds_a_worker_by_its_whole_name),
        cmocka_unit_test(root_rules_have_bounds),
        cmocka_unit_test(people_lines_are_checked),
        cmocka_unit_test(fleet_lines_are_checked),
        cmocka_unit_test(scopes_cover_all_their_labels),
        cmocka_unit_test(hashes_are_those_of_the_standards),
        cmocka_unit_test(no_ring_of_keys_is_nothing_to_destroy),
    };
    return cmocka_run_group_tests(tests, open_site, close_site);
}
