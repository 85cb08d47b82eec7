/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "keys/base64.h"
#include "keys/cosignature.h"
#include "tests/unit/trust_fixture.h"

#define BODY                                                                        \
    "tocsin/4813494d137e1631bba301d5acab6e7bb7aa74ce1185d456565ef51d737677b2/hub\n" \
    "3\nrrS81vyxSnD7Z6WlV40m2g+p8a3gvqxNYyfMEkKgW4Y=\n"

/* By w1's key, made with OpenSSL from C2SP's words alone. */
#define LINE                                                                                  \
    "— w1 gDOf/wAAAABrAlul5yFbQRZz/Xup9vGLM/wmNmyrKUltg5wD5uh1F7QLRLFhHmwoBmasCVEeRwMcKtY/" \
    "snByMMAfJT+mRUbNTvywDQ==\n"

static const pubkey_t *
key_of(bench_t *bench, const char *name)
{
    return machinekey_public(site_key(bench->site, name));
}

static bytes_t *
cosign(bench_t *bench, const char *key, const char *name)
{
    bytes_t *line = bytes_new();
    cosignature_make(site_key(bench->site, key), name, (wall_t){1795316645999}, slice_text(BODY),
                     line);
    return line;
}

static int
check_line(bench_t *bench, const char *text, const char *body, const char *key)
{
    cosignature_t read;
    slice_t lines = slice_text(text);
    bench->fault = (fault_t){0};
    assert_int_equal(cosignature_next(&read, &lines, &bench->fault), 1);
    assert_int_equal(lines.size, 0);
    return cosignature_check(&read, slice_text(body), key_of(bench, key), &bench->fault);
}

static void
makes_the_line_that_c2sp_describes(void **state)
{
    CLEANUP(bytes_destroy) bytes_t *line = cosign(*state, "w1", "w1");
    assert_string_equal(bytes_text(line), LINE);
}

static void
takes_a_line_of_another_maker(void **state)
{
    bench_t *bench = *state;
    cosignature_t read;
    slice_t lines = slice_text(LINE LINE "end\n");
    assert_int_equal(cosignature_next(&read, &lines, &bench->fault), 1);
    assert_string_equal(read.name, "w1");
    assert_int_equal(read.at.ms, 1795316645000);
    assert_int_equal(cosignature_next(&read, &lines, &bench->fault), 1);
    assert_int_equal(cosignature_next(&read, &lines, &bench->fault), 0);
    assert_true(slice_is(lines, "end\n"));
    assert_fine(bench, check_line(bench, LINE, BODY, "w1"));
}

static void
holds_over_nothing_else_and_by_nobody_else(void **state)
{
    bench_t *bench = *state;
    CLEANUP(bytes_destroy) bytes_t *renamed = cosign(bench, "w1", "w2");
    CLEANUP(bytes_destroy) bytes_t *later = bytes_new();
    assert_fault(bench, check_line(bench, LINE, BODY "x", "w1"), FAULT_SIGNATURE);
    assert_fault(bench, check_line(bench, LINE, BODY, "w2"), FAULT_KEY);
    assert_fault(bench, check_line(bench, bytes_text(renamed), BODY, "w2"), FAULT_KEY);
    assert_fine(bench, check_line(bench, bytes_text(renamed), BODY, "w1"));
    bytes_add_text(later, LINE);
    char *time = strstr((char *)later->data, "lul5");
    memcpy(time, "lul6", 4);
    assert_fault(bench, check_line(bench, bytes_text(later), BODY, "w1"), FAULT_SIGNATURE);
}

/* A blob of this many bytes behind the name, all of them this one. */
static bytes_t *
line_of(const char *name, size_t size, uint8_t byte)
{
    uint8_t blob[128];
    bytes_t *line = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *base64 = bytes_new();
    memset(blob, byte, sizeof blob);
    base64_write(slice_of(blob, size), base64);
    bytes_addf(line, "— %s %s\n", name, bytes_text(base64));
    return line;
}

static void
refuses_lines_that_are_malformed(void **state)
{
    bench_t *bench = *state;
    char name[TEXT_NAME_MAX + 2];
    cosignature_t read;
    memset(name, 'a', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    bytes_t *lines[] = {
        line_of("w1", 75, 1),
        line_of("w1", 77, 1),
        line_of("w1", 76, 0xff),
        line_of("w1", 76, 0),
        line_of(name, 76, 1),
        line_of("W1", 76, 1),
        line_of("", 76, 1),
        line_of("w1 ", 76, 1),
        bytes_copy(slice_of("\xe2\x80\x94 w1 AAAA", 11)),
        bytes_copy(slice_text("— w1AAAA\n")),
        line_of("w1", 76, 1),
    };
    memcpy(strstr((char *)lines[10]->data, "w1"), "w\0", 2);
    for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
        slice_t rest = bytes_slice(lines[i]);
        bench->fault = (fault_t){0};
        assert_fault(bench, cosignature_next(&read, &rest, &bench->fault) == -1, FAULT_SIGNATURE);
        bytes_destroy(&lines[i]);
    }
    slice_t rest = slice_text("- w1 AAAA\n");
    assert_int_equal(cosignature_next(&read, &rest, &bench->fault), 0);
    rest = slice_of(NULL, 0);
    assert_int_equal(cosignature_next(&read, &rest, &bench->fault), 0);
}

/* ---- root's lines -------------------------------------------------------------------------- */

static int
add_root(bench_t *bench, root_t *root)
{
    bench->fault = (fault_t){0};
    return add(bench, site_seal_root(bench->site, root, "hana,hugo"));
}

static root_t *
root_with(bench_t *bench, const char *worker, const char *key)
{
    root_t *root = site_root_next(bench->site);
    site_add_witness(bench->site, root, worker, key);
    return root;
}

static void
counts_more_than_half_of_the_witnesses(void **state)
{
    static const size_t needed[] = {0, 1, 2, 2, 3};
    root_t root = {0};
    (void)state;
    for (; root.witness_count < ARRAY_SIZE(needed); root.witness_count++)
        assert_int_equal(root_cosigners(&root), needed[root.witness_count]);
}

static void
a_witness_is_a_worker_with_its_key(void **state)
{
    bench_t *bench = *state;
    static const char *const taken[] = {"ana", "hana", "monitor-north", "w2", "x"};
    for (size_t i = 0; i < ARRAY_SIZE(taken); i++)
        assert_fault(bench, add_root(bench, root_with(bench, "w1", taken[i])), FAULT_KEY);
    assert_fault(bench, add_root(bench, root_with(bench, "other", "w1")), FAULT_KEY);
    root_t *root = root_with(bench, "s1", "s1");
    site_add_witness(bench->site, root, "w1", "w1");
    assert_fine(bench, add_root(bench, root));
    const root_t *kept = trust_root(bench->site->trust);
    assert_int_equal(kept->witness_count, 2);
    assert_ptr_equal(root_witness(kept, "w1"), &kept->witnesses[1]);
    assert_null(root_witness(kept, "w2"));
}

static void
people_and_fleets_leave_witnesses_their_keys(void **state)
{
    bench_t *bench = *state;
    assert_fine(bench, add_root(bench, root_with(bench, "far", "far")));
    people_t *people = site_people(bench->site);
    people->version = 2;
    site_add_person(bench->site, people, "zora", ROLE_OFFICER, CLASS_OBSERVE, "any");
    people->keys[people->key_count - 1].key = *key_of(bench, "far");
    assert_fault(bench, add(bench, site_seal_people(bench->site, people, "hana,hugo")), FAULT_KEY);
    for (int i = 0; i < 3; i++) {
        fleet_t *fleet = site_fleet(bench->site, "south");
        fleet->version = 2;
        if (i == 0)
            fleet->workers[0].key = *key_of(bench, "far");
        else if (i == 1)
            text_copy(fleet->workers[0].id, TEXT_NAME_MAX + 1, "far");
        else
            fleet->signers[0].key = *key_of(bench, "far");
        assert_fault(bench, add(bench, site_seal_fleet(bench->site, fleet, "olaf")), FAULT_KEY);
    }
}

/* The root's text with these lines behind its holders. */
static fault_code_t
decode_with(bench_t *bench, const char *lines)
{
    root_t *root = site_root_next(bench->site);
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    root_encode(root, text);
    root_destroy(&root);
    text->size -= strlen("end\n");
    bytes_add_text(text, lines);
    bytes_add_text(text, "end\n");
    bench->fault = (fault_t){0};
    CLEANUP(root_destroy) root_t *read = root_decode(bytes_slice(text), &bench->fault);
    return bench->fault.code;
}

static void
refuses_witnesses_that_are_one_or_too_many(void **state)
{
    bench_t *bench = *state;
    CLEANUP(bytes_destroy) bytes_t *one = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *other = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    pubkey_t fido = *key_of(bench, "w1");
    pubkey_write(key_of(bench, "w1"), one);
    pubkey_write(key_of(bench, "w2"), other);
    bytes_addf(text, "witness w1 %s\nwitness w2 %s\n", bytes_text(one), bytes_text(one));
    assert_int_equal(decode_with(bench, bytes_text(text)), FAULT_KEY);
    bool after = strcmp(bytes_text(one), bytes_text(other)) < 0;
    bytes_clear(text);
    bytes_addf(text, "witness w1 %s\nwitness w1 %s\n", bytes_text(after ? one : other),
               bytes_text(after ? other : one));
    assert_int_equal(decode_with(bench, bytes_text(text)), FAULT_FORMAT);
    fido.kind = PUBKEY_SK_ED25519;
    text_copy(fido.application, sizeof fido.application, "ssh:");
    bytes_clear(text);
    bytes_add_text(text, "witness w1 ");
    pubkey_write(&fido, text);
    bytes_add_text(text, "\n");
    assert_int_equal(decode_with(bench, bytes_text(text)), FAULT_KEY);
    bytes_clear(text);
    for (size_t i = 0; i <= ROOT_WITNESSES_MAX; i++) {
        char name[32];
        snprintf(name, sizeof name, "x%02zu", i);
        bytes_addf(text, "witness %s ", name);
        pubkey_write(key_of(bench, name), text);
        bytes_add_text(text, "\n");
    }
    assert_int_equal(decode_with(bench, bytes_text(text)), FAULT_LIMIT);
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        test(makes_the_line_that_c2sp_describes),
        test(takes_a_line_of_another_maker),
        test(holds_over_nothing_else_and_by_nobody_else),
        test(refuses_lines_that_are_malformed),
        test(counts_more_than_half_of_the_witnesses),
        test(a_witness_is_a_worker_with_its_key),
        test(people_and_fleets_leave_witnesses_their_keys),
        test(refuses_witnesses_that_are_one_or_too_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
