/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/document.h"
#include "tests/unit/site_fixture.h"

static site_t *site;

/* Decodes, encodes again, compares; the fault's code. */
#define JUDGE(noun)                                                               \
    static fault_code_t judge_##noun(slice_t document)                            \
    {                                                                             \
        fault_t fault = {0};                                                      \
        CLEANUP(bytes_destroy) bytes_t *again = bytes_new();                      \
        CLEANUP(noun##_destroy) noun##_t *self = noun##_decode(document, &fault); \
        assert_true(!self == (fault.code != FAULT_NONE));                         \
        if (!self)                                                                \
            return fault.code;                                                    \
        noun##_encode(self, again);                                               \
        assert_true(slice_equal(document, bytes_slice(again)));                   \
        return FAULT_NONE;                                                        \
    }                                                                             \
    static inline bytes_t *text_of_##noun(noun##_t *self)                         \
    {                                                                             \
        bytes_t *text = bytes_new();                                              \
        noun##_encode(self, text);                                                \
        noun##_destroy(&self);                                                    \
        return text;                                                              \
    }
JUDGE(root)
JUDGE(people)
JUDGE(fleet)
JUDGE(release)
JUDGE(order)
JUDGE(grant)
JUDGE(alert)
JUDGE(receipt)
JUDGE(consent)
JUDGE(stop)
JUDGE(resume)

static order_t *
full_order(void)
{
    hash_t release = hash_of(slice_text("release"));
    order_t *order = site_order(site, &release);
    order->incident = 42;
    order->soak_s = 30;
    order->max_failures = 1;
    order->input_count = 2;
    order->inputs[0] = (input_text_t){"goal", "80"};
    order->inputs[1] = (input_text_t){"mount", "/va r/%\n\xc3\xa9"};
    site_add_target(order, 2, "s1");
    site_add_target(order, 2, "w2/router");
    return order;
}

/* Two waves that are listed, two that are not. */
static order_t *
large_order(void)
{
    order_t *order = full_order();
    order->continues = hash_of(slice_text("before"));
    order->wave_count = 2;
    order->waves[0] = (wave_line_t){3, 65, hash_of(slice_text("third"))};
    order->waves[1] = (wave_line_t){4, ORDER_WAVE_TARGETS_MAX, hash_of(slice_text("fourth"))};
    return order;
}

/* A consent, or an answer, of two targets. */
static consent_t *
full_consent(bool answer)
{
    hash_t run = hash_of(slice_text("run")), shown = hash_of(slice_text("shown"));
    consent_t *consent = site_consent(site, &run, &shown);
    consent->answer = answer;
    if (answer)
        text_copy(consent->value, sizeof consent->value, "80 %");
    text_copy(consent->step, sizeof consent->step, "outer/go");
    site_add_shown(consent, "w2/router", &HASH_ZERO);
    return consent;
}

static grant_t *
full_grant(void)
{
    hash_t release = hash_of(slice_text("release"));
    grant_t *grant = site_grant(site, &release);
    grant->bound_count = 4;
    grant->bounds[0] = (input_bound_t){"goal", "from", "50"};
    grant->bounds[1] = (input_bound_t){"goal", "to", "95"};
    grant->bounds[2] = (input_bound_t){"mode", "equals", "soft"};
    grant->bounds[3] = (input_bound_t){"mount", "under", "/var"};
    return grant;
}

/* The document with its first 'from' replaced. */
static bytes_t *
edit(const bytes_t *document, const char *from, const char *to)
{
    bytes_t *edited = bytes_new();
    const char *text = bytes_text(document), *at = strstr(text, from);
    assert_non_null(at);
    bytes_add(edited, text, (size_t)(at - text));
    bytes_add_text(edited, to);
    bytes_add_text(edited, at + strlen(from));
    return edited;
}

typedef fault_code_t judge_t(slice_t document);

static fault_code_t
judge_edit(judge_t *judge, const bytes_t *document, const char *from, const char *to)
{
    CLEANUP(bytes_destroy) bytes_t *edited = edit(document, from, to);
    return judge(bytes_slice(edited));
}

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

/* releases */

static void
rel_path_traversal(void **state)
{
    (void)state;
    static const char *const bad[] = {"../x", "a/../x", "/etc/passwd", "a//b",  "a/",      "./a",
                                      "..",   "a/.",    "a\\b",        "a%2fb", "\xc3\xa9"};
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        release_t *release = site_release(site);
        site_add_file(release, bad[i], slice_text("x"));
        release_file_t *file = release->files; /* first, so that the order of lines is no matter */
        release_file_t last = file[2];
        memmove(file + 1, file, 2 * sizeof *file);
        file[0] = last;
        CLEANUP(bytes_destroy) bytes_t *text = text_of_release(release);
        assert_int_equal(judge_release(bytes_slice(text)), FAULT_FORMAT);
    }
}

static void
rel_path_case_collision(void **state)
{
    (void)state;
    static const char *const bad[] = {"tests/A\nfile tests/a", "tests\nfile tests/a",
                                      "Tests/x\nfile tests"};
    static const char *const good[] = {"tests/a\nfile tests/b", "tests.lua\nfile tests/a"};
    release_t *release = site_release(site);
    site_add_file(release, "tests", slice_text("x"));
    CLEANUP(bytes_destroy) bytes_t *text = text_of_release(release);
    const char *rest = strstr(bytes_text(text), "file tests") + strlen("file tests");
    for (size_t i = 0; i < ARRAY_SIZE(bad) + ARRAY_SIZE(good); i++) {
        const char *paths = i < ARRAY_SIZE(bad) ? bad[i] : good[i - ARRAY_SIZE(bad)];
        const char *second = strstr(paths, "\nfile ");
        CLEANUP(bytes_destroy) bytes_t *lines = bytes_new();
        size_t tail = strcspn(rest, "\n");
        bytes_addf(lines, "file %.*s%.*s%s", (int)(second - paths), paths, (int)tail, rest, second);
        CLEANUP(bytes_destroy) bytes_t *edited = edit(text, "file tests", bytes_text(lines));
        if (i < ARRAY_SIZE(bad))
            assert_int_equal(judge_release(bytes_slice(edited)), FAULT_FORMAT);
        else
            assert_int_equal(judge_release(bytes_slice(edited)), FAULT_NONE);
    }
}

static void
rel_file_truncated(void **state)
{
    (void)state;
    fault_t fault = {0};
    CLEANUP(release_destroy) release_t *release = site_release(site);
    slice_t lua = slice_text(SITE_PLAYBOOK);
    assert_int_equal(release_check_file(release, "playbook.lua", lua, &fault), 0);
    lua.size--;
    assert_int_equal(release_check_file(release, "playbook.lua", lua, &fault), -1);
    assert_int_equal(fault.code, FAULT_HASH);
}

static void
rel_file_swapped_same_sha1(void **state)
{
    (void)state;
    fault_t fault = {0};
    CLEANUP(release_destroy) release_t *release = site_release(site);
    CLEANUP(bytes_destroy) bytes_t *other = bytes_copy(slice_text(SITE_PLAYBOOK));
    other->data[0] ^= 1;
    assert_int_equal(release_check_file(release, "playbook.lua", bytes_slice(other), &fault), -1);
    assert_int_equal(fault.code, FAULT_HASH);
}

static void
rel_extra_file(void **state)
{
    (void)state;
    fault_t fault = {0};
    CLEANUP(release_destroy) release_t *release = site_release(site);
    assert_int_equal(release_check_file(release, "extra", slice_text("x"), &fault), -1);
    assert_int_equal(fault.code, FAULT_NOT_FOUND);
}

static void
rel_mix_and_match_manifest(void **state)
{
    (void)state;
    release_t *release = site_release(site);
    release->manifest.bytes[0] ^= 1;
    CLEANUP(bytes_destroy) bytes_t *text = text_of_release(release);
    assert_int_equal(judge_release(bytes_slice(text)), FAULT_HASH);
    release = site_release(site);
    release->author_count = 0;
    CLEANUP(bytes_destroy) bytes_t *orphan = text_of_release(release);
    assert_int_equal(judge_release(bytes_slice(orphan)), FAULT_FORMAT);
}

static void
release_files_have_bounds(void **state)
{
    (void)state;
    for (int files = 2; files <= 3; files++) {
        release_t *release = site_release(site);
        for (int i = 0; i < files; i++) {
            char path[16];
            snprintf(path, sizeof path, "test%d", i);
            site_add_file(release, path, slice_text(""));
            release->files[release->file_count - 1].bytes = RELEASE_BYTES_MAX / 2 - 1000;
        }
        CLEANUP(bytes_destroy) bytes_t *text = text_of_release(release);
        assert_int_equal(judge_release(bytes_slice(text)), files == 3 ? FAULT_LIMIT : FAULT_NONE);
    }
}

/* grants and alerts */

static fault_code_t
judge_input(const char *name, const char *text)
{
    fault_t fault = {0};
    CLEANUP(grant_destroy) grant_t *grant = full_grant();
    input_text_t input;
    text_copy(input.name, sizeof input.name, name);
    text_copy(input.text, sizeof input.text, text);
    if (grant_check_inputs(grant, &input, 1, &fault))
        return fault.code;
    return FAULT_NONE;
}

static void
grant_input_injection_shell_metachars(void **state)
{
    (void)state;
    assert_int_equal(judge_input("mode", "soft"), FAULT_NONE);
    assert_int_equal(judge_input("mode", "soft; rm -rf /"), FAULT_INPUT);
    assert_int_equal(judge_input("mode", "$(id)"), FAULT_INPUT);
    assert_int_equal(judge_input("other", "soft"), FAULT_INPUT);
    assert_int_equal(judge_input("goal", "50"), FAULT_NONE);
    assert_int_equal(judge_input("goal", "95"), FAULT_NONE);
    assert_int_equal(judge_input("goal", "49"), FAULT_INPUT);
    assert_int_equal(judge_input("goal", "96"), FAULT_INPUT);
    assert_int_equal(judge_input("goal", "080"), FAULT_INPUT);
    assert_int_equal(judge_input("goal", "80 "), FAULT_INPUT);
}

static void
grant_input_path_that_climbs(void **state)
{
    (void)state;
    assert_int_equal(judge_input("mount", "/var"), FAULT_NONE);
    assert_int_equal(judge_input("mount", "/var/log"), FAULT_NONE);
    assert_int_equal(judge_input("mount", "/var/../etc"), FAULT_INPUT);
    assert_int_equal(judge_input("mount", "/var/.."), FAULT_INPUT);
    assert_int_equal(judge_input("mount", "/var//log"), FAULT_INPUT);
    assert_int_equal(judge_input("mount", "/variant"), FAULT_INPUT);
    assert_int_equal(judge_input("mount", "var"), FAULT_INPUT);
    assert_int_equal(judge_input("mount", ""), FAULT_INPUT);
}

static void
grant_lines_are_checked(void **state)
{
    (void)state;
    CLEANUP(bytes_destroy) bytes_t *grant = text_of_grant(full_grant());
    assert_int_equal(judge_edit(judge_grant, grant, "source monitor\n", ""), FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_grant, grant, "under /var", "within 10.0.0.0/8"), FAULT_NONE);
    assert_int_equal(judge_edit(judge_grant, grant, "under /var", "within 10.0.0.1/8"),
                     FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_grant, grant, "under /var", "beside /var"), FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_grant, grant, "match labels.alertname", "match labels."),
                     FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_grant, grant, "match labels.alertname", "match source"),
                     FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_grant, grant, "mode equals", "mode matches"), FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_grant, grant, "under /var", "under var"), FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_grant, grant, "equals soft", "equals %1B[8m"), FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_grant, grant, "alertname DiskFull", "alertname %1B[8m"),
                     FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_grant, grant, "from 50", "from 5x"), FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_grant, grant, "evidence token", "evidence none"),
                     FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_grant, grant, "budget 3 3600", "budget 0 3600"),
                     FAULT_FORMAT);
}

/* The document with so many more lines behind its 'last', each 'front', a number and 'back'. */
static fault_code_t
judge_crowd(judge_t *judge, const bytes_t *document, const char *last, const char *front,
            const char *back, unsigned count)
{
    CLEANUP(bytes_destroy) bytes_t *lines = bytes_new();
    bytes_add_text(lines, last);
    for (unsigned i = 0; i < count; i++)
        bytes_addf(lines, "%s%02u%s\n", front, i, back);
    return judge_edit(judge, document, last, bytes_text(lines));
}

static void
grants_and_orders_have_so_many_lines(void **state)
{
    (void)state;
    CLEANUP(bytes_destroy) bytes_t *grant = text_of_grant(full_grant());
    CLEANUP(bytes_destroy) bytes_t *order = text_of_order(full_order());
    const struct {
        judge_t *judge;
        const bytes_t *document;
        const char *last, *front, *back;
        unsigned room; /* behind the lines that are there */
    } kinds[] = {
        {judge_grant, grant, "source monitor\n", "source n", "", GRANT_LINES_MAX - 1},
        {judge_grant, grant, "DiskFull\n", "match title t", "", GRANT_LINES_MAX - 1},
        {judge_grant, grant, "bound mount under /var\n", "bound n", " equals x",
         GRANT_LINES_MAX - 4},
        {judge_order, order, "input goal 80\n", "input h", " x", ORDER_INPUTS_MAX - 2},
    };
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
        for (unsigned over = 0; over < 2; over++)
            assert_int_equal(judge_crowd(kinds[i].judge, kinds[i].document, kinds[i].last,
                                         kinds[i].front, kinds[i].back, kinds[i].room + over),
                             over ? FAULT_LIMIT : FAULT_NONE);
}

static void
alert_lines_are_checked(void **state)
{
    (void)state;
    alert_t *made = site_alert(site);
    text_copy(made->labels[1].value, sizeof made->labels[1].value, "two\nlines; \x01 and %");
    CLEANUP(bytes_destroy) bytes_t *alert = text_of_alert(made);
    assert_int_equal(judge_alert(bytes_slice(alert)), FAULT_NONE);
    assert_int_equal(judge_edit(judge_alert, alert, "status firing", "status burning"),
                     FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_alert, alert, "severity high", "severity awful"),
                     FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_alert, alert, "host web1", "host web 1"), FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_alert, alert, "label alertname", "label alert%20name"),
                     FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_alert, alert, "label mountpoint", "label alertname"),
                     FAULT_FORMAT);
}

static void
alert_fields_are_found_by_name(void **state)
{
    (void)state;
    CLEANUP(alert_destroy) alert_t *alert = site_alert(site);
    assert_string_equal(alert_field(alert, "labels.mountpoint"), "/var");
    assert_string_equal(alert_field(alert, "severity"), "high");
    assert_string_equal(alert_field(alert, "host"), "web1.example");
    assert_string_equal(alert_field(alert, "source"), "monitor");
    assert_null(alert_field(alert, "labels.other"));
    assert_null(alert_field(alert, "annotations.mountpoint"));
    assert_null(alert_field(alert, "labels."));
    assert_null(alert_field(alert, "fingerprint"));
}

static void
event_makes_the_run_of_a_grant(void **state)
{
    (void)state;
    hash_t grant = hash_of(slice_text("grant"));
    CLEANUP(alert_destroy) alert_t *alert = site_alert(site);
    hash_t first = grant_run(&grant, alert);
    alert->received = site_after(alert->received, 5);
    hash_t again = grant_run(&grant, alert);
    assert_true(hash_equal(&first, &again));
    alert->starts = site_after(alert->starts, 5);
    hash_t later = grant_run(&grant, alert);
    assert_false(hash_equal(&first, &later));
}

/* receipts */

static void
receipt_lines_are_checked(void **state)
{
    (void)state;
    CLEANUP(bytes_destroy) bytes_t *receipt = text_of_receipt(site_receipt(site));
    assert_int_equal(judge_edit(judge_receipt, receipt, "sequence 1", "sequence 2"), FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_receipt, receipt, "outcome ok", "outcome open"),
                     FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_receipt, receipt, "part ok", "part open"), FAULT_NONE);
    assert_int_equal(judge_edit(judge_receipt, receipt, "outcome ok", "outcome failed"),
                     FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_receipt, receipt, "code none", "code failed"), FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_receipt, receipt, "attempt 1", "attempt 0"), FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_receipt, receipt, "op 1 ", "op 2 "), FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_receipt, receipt, " ok\nend", " fine\nend"), FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_receipt, receipt, " 0\nop 1", " 1\nop 1"), FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_receipt, receipt, "authority order", "authority broker"),
                     FAULT_FORMAT);
}

static void
receipt_names_a_step_by_its_path(void **state)
{
    (void)state;
    CLEANUP(bytes_destroy) bytes_t *receipt = text_of_receipt(site_receipt(site));
    static const struct {
        const char *path;
        fault_code_t code;
    } paths[] = {{"a/b", FAULT_NONE},   {"a/b/c/d", FAULT_NONE}, {"a/b/c/d/e", FAULT_FORMAT},
                 {"/a", FAULT_FORMAT},  {"a/", FAULT_FORMAT},    {"a//b", FAULT_FORMAT},
                 {"a/-", FAULT_FORMAT}, {"A", FAULT_FORMAT}};
    for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
        char line[64];
        snprintf(line, sizeof line, "step %s", paths[i].path);
        assert_int_equal(judge_edit(judge_receipt, receipt, "step usage", line), paths[i].code);
    }
    char longest[STEP_PATH_MAX + 1];
    memset(longest, 'x', sizeof longest);
    longest[STEP_PATH_MAX - 1] = '\0';
    assert_false(step_path_valid(longest));
    longest[63] = longest[127] = longest[191] = '/';
    assert_true(step_path_valid(longest));
    assert_int_equal(strlen(step_path_name(longest)), TEXT_NAME_MAX);
    assert_string_equal(step_path_name("usage"), "usage");
}

static void
receipt_is_of_running_or_of_undoing(void **state)
{
    (void)state;
    receipt_t *made = site_receipt(site);
    made->phase = PHASE_UNDO;
    made->consent = hash_of(slice_text("consent"));
    CLEANUP(bytes_destroy) bytes_t *receipt = text_of_receipt(made);
    assert_int_equal(judge_receipt(bytes_slice(receipt)), FAULT_NONE);
    assert_int_equal(judge_edit(judge_receipt, receipt, "phase undo", "phase run"), FAULT_NONE);
    assert_int_equal(judge_edit(judge_receipt, receipt, "phase undo", "phase redo"), FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_receipt, receipt, "phase undo\n", ""), FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_receipt, receipt, "step usage\nphase undo\nattempt 1",
                                "step -\nphase undo\nattempt 0"),
                     FAULT_FORMAT);
    char zero[HASH_TEXT], line[128];
    CLEANUP(bytes_destroy) bytes_t *plain = text_of_receipt(site_receipt(site));
    snprintf(line, sizeof line, "consent %s\noutput", hash_write(&HASH_ZERO, zero));
    assert_int_equal(judge_edit(judge_receipt, plain, "output", line), FAULT_FORMAT);
}

/* consents, stops, resumes */

static void
consent_lines_are_checked(void **state)
{
    (void)state;
    CLEANUP(bytes_destroy) bytes_t *consent = text_of_consent(full_consent(false));
    CLEANUP(bytes_destroy) bytes_t *answer = text_of_consent(full_consent(true));
    assert_int_equal(judge_edit(judge_consent, consent, "value yes", "value no"), FAULT_NONE);
    assert_int_equal(judge_edit(judge_consent, consent, "value yes", "value maybe"), FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_consent, consent, "tocsin-consent", "tocsin-answer"),
                     FAULT_NONE);
    assert_int_equal(judge_edit(judge_consent, answer, "tocsin-answer", "tocsin-consent"),
                     FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_consent, answer, "value 80%20%25", "value %"), FAULT_NONE);
    assert_int_equal(judge_edit(judge_consent, answer, "value 80%20%25", "value 80 %25"),
                     FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_consent, consent, "step outer/go", "step -"), FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_consent, consent, "target w2/router 0", "target w1 f"),
                     FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_consent, consent, "target w2/router", "target w2/"),
                     FAULT_FORMAT);
    consent_t *nobody = full_consent(false);
    nobody->target_count = 0;
    CLEANUP(bytes_destroy) bytes_t *empty = text_of_consent(nobody);
    assert_int_equal(judge_consent(bytes_slice(empty)), FAULT_FORMAT);
}

/* As many as fit into a document. */
static void
consent_names_so_many_targets(void **state)
{
    (void)state;
    for (size_t count = 2000; count <= 4000; count += 2000) {
        consent_t *consent = full_consent(false);
        consent->target_count = 0;
        for (size_t i = 0; i < count; i++) {
            char target[32];
            snprintf(target, sizeof target, "a%04zu", i);
            site_add_shown(consent, target, &HASH_ZERO);
        }
        CLEANUP(bytes_destroy) bytes_t *text = text_of_consent(consent);
        bool fits = text->size <= DOCUMENT_BYTES_MAX;
        assert_int_equal(judge_consent(bytes_slice(text)), fits ? FAULT_NONE : FAULT_LIMIT);
        assert_int_equal(fits, count == 2000);
    }
}

static void
stop_names_what_it_stops(void **state)
{
    (void)state;
    static const struct {
        const char *what, *name;
        fault_code_t code;
    } rows[] = {
        {"region", "north", FAULT_NONE},
        {"playbook", "disk-full", FAULT_NONE},
        {"site", "-", FAULT_NONE},
        {"run", "acba25512100f80b56fc3ccd14c65be55d94800cda77585c5f41a887e398f9be", FAULT_NONE},
        {"run", "acba2551", FAULT_FORMAT},
        {"run", "ACBA25512100f80b56fc3ccd14c65be55d94800cda77585c5f41a887e398f9be", FAULT_FORMAT},
        {"site", "north", FAULT_FORMAT},
        {"region", "-", FAULT_FORMAT},
        {"playbook", "-", FAULT_FORMAT},
        {"worker", "w1", FAULT_FORMAT},
    };
    CLEANUP(bytes_destroy) bytes_t *stop = text_of_stop(site_stop(site, HALT_REGION, "west"));
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        char lines[128];
        snprintf(lines, sizeof lines, "what %s\nname %s\n", rows[i].what, rows[i].name);
        assert_int_equal(judge_edit(judge_stop, stop, "what region\nname west\n", lines),
                         rows[i].code);
    }
    assert_int_equal(judge_edit(judge_stop, stop, "nonce ff", "nonce f"), FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_stop, stop, "nonce", "until 2026-11-25T04:04:05Z\nnonce"),
                     FAULT_FORMAT);
    stop_t *of_run = site_stop(site, HALT_RUN, rows[3].name);
    of_run->until = site_after(site->now, 86400);
    CLEANUP(bytes_destroy) bytes_t *ending = text_of_stop(of_run);
    assert_int_equal(judge_stop(bytes_slice(ending)), FAULT_NONE);
    assert_int_equal(judge_edit(judge_stop, ending, "until 2026-11-23T03", "until 2026-11-23 03"),
                     FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_stop, ending, "until 2026-11-23", "until 2026-11-22"),
                     FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_stop, stop, "reason it", "reason \xe2\x80\xaeit"),
                     FAULT_FORMAT);
    hash_t hash = hash_of(bytes_slice(stop));
    CLEANUP(bytes_destroy) bytes_t *resume = text_of_resume(site_resume(site, &hash));
    assert_int_equal(judge_edit(judge_resume, resume, "stop ", "stop 0"), FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_resume, resume, "reason ", "because "), FAULT_FORMAT);
}

static void
byz_forge_receipt(void **state)
{
    (void)state;
    fault_t fault = {0};
    const pubkey_t *w1 = machinekey_public(site_key(site, "w1"));
    static const char *const signers[] = {"w1", "w2"};
    static const fault_code_t codes[] = {FAULT_NONE, FAULT_KEY};
    for (size_t i = 0; i < ARRAY_SIZE(signers); i++) {
        sealed_t sealed = site_seal_receipt(site, site_receipt(site), signers[i]);
        int failed =
            receipt_check(bytes_slice(sealed.document), bytes_slice(sealed.armors), w1, &fault);
        assert_true(failed == (codes[i] == FAULT_NONE ? 0 : -1));
        assert_int_equal(fault.code, codes[i]);
        sealed_done(&sealed);
    }
    sealed_t sealed = site_seal_receipt(site, site_receipt(site), "w1");
    sealed.document->data[sealed.document->size - 1] = ' ';
    assert_int_equal(
        receipt_check(bytes_slice(sealed.document), bytes_slice(sealed.armors), w1, &fault), -1);
    assert_int_equal(fault.code, FAULT_SIGNATURE);
    sealed_done(&sealed);
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

static int
open_site(void **state)
{
    (void)state;
    site = site_new();
    return 0;
}

static int
close_site(void **state)
{
    (void)state;
    site_destroy(&site);
    return 0;
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
        cmocka_unit_test(rel_path_traversal),
        cmocka_unit_test(rel_path_case_collision),
        cmocka_unit_test(rel_file_truncated),
        cmocka_unit_test(rel_file_swapped_same_sha1),
        cmocka_unit_test(rel_extra_file),
        cmocka_unit_test(rel_mix_and_match_manifest),
        cmocka_unit_test(release_files_have_bounds),
        cmocka_unit_test(grant_input_injection_shell_metachars),
        cmocka_unit_test(grant_input_path_that_climbs),
        cmocka_unit_test(grant_lines_are_checked),
        cmocka_unit_test(grants_and_orders_have_so_many_lines),
        cmocka_unit_test(alert_lines_are_checked),
        cmocka_unit_test(alert_fields_are_found_by_name),
        cmocka_unit_test(event_makes_the_run_of_a_grant),
        cmocka_unit_test(receipt_lines_are_checked),
        cmocka_unit_test(receipt_names_a_step_by_its_path),
        cmocka_unit_test(receipt_is_of_running_or_of_undoing),
        cmocka_unit_test(consent_lines_are_checked),
        cmocka_unit_test(consent_names_so_many_targets),
        cmocka_unit_test(stop_names_what_it_stops),
        cmocka_unit_test(byz_forge_receipt),
        cmocka_unit_test(hashes_are_those_of_the_standards),
    };
    return cmocka_run_group_tests(tests, open_site, close_site);
}
