/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/trust_fixture.h"
#include "wire/testimony.h"
#include "keys/tree.h"

#define LEAVES_MAX 70

static hash_t
leaf_at(uint64_t index)
{
    return hash_leaf(slice_of(&index, sizeof index));
}

static hash_t
head_at(uint64_t first, uint64_t end)
{
    merkle_t log = {0};
    for (uint64_t i = first; i < end; i++) {
        hash_t leaf = leaf_at(i);
        merkle_append(&log, &leaf);
    }
    return merkle_head(&log);
}

static int
head_of(void *context, uint64_t first, uint64_t end, hash_t *head, fault_t *fault)
{
    (void)context;
    (void)fault;
    assert_true(first < end);
    *head = head_at(first, end);
    return 0;
}

static consistency_t
prove(uint64_t size, uint64_t longer)
{
    consistency_t proof;
    assert_int_equal(consistency_make(&proof, size, longer, head_of, NULL, NULL), 0);
    return proof;
}

static bool
holds(const consistency_t *proof, uint64_t size, uint64_t longer)
{
    hash_t head = head_at(0, size), longer_head = head_at(0, longer);
    return consistency_holds(proof, size, &head, longer, &longer_head);
}

/* ---- the proof ------------------------------------------------------------------------------ */

/* The eight leaves that Certificate Transparency's implementations test with. */
static int
vector_head(void *context, uint64_t first, uint64_t end, hash_t *head, fault_t *fault)
{
    static const char *const leaves[] = {"",
                                         "00",
                                         "10",
                                         "2021",
                                         "3031",
                                         "40414243",
                                         "5051525354555657",
                                         "606162636465666768696a6b6c6d6e6f"};
    merkle_t log = {0};
    (void)context;
    (void)fault;
    for (uint64_t i = first; i < end; i++) {
        uint8_t bytes[16];
        size_t size = strlen(leaves[i]) / 2;
        assert_true(hex_decode(leaves[i], bytes, size));
        hash_t leaf = hash_leaf(slice_of(bytes, size));
        merkle_append(&log, &leaf);
    }
    *head = merkle_head(&log);
    return 0;
}

static void
proofs_are_those_of_rfc_6962(void **state)
{
    static const struct {
        uint64_t size, longer;
        const char *path[4];
    } vectors[] = {
        {1, 1, {NULL}},
        {1,
         8,
         {"96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
          "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
          "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"}},
        {6,
         8,
         {"0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
          "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
          "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"}},
        {2,
         5,
         {"5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
          "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"}},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        consistency_t proof;
        hash_t head, longer;
        char text[HASH_TEXT];
        vector_head(NULL, 0, vectors[i].size, &head, NULL);
        vector_head(NULL, 0, vectors[i].longer, &longer, NULL);
        assert_int_equal(
            consistency_make(&proof, vectors[i].size, vectors[i].longer, vector_head, NULL, NULL),
            0);
        for (size_t k = 0; k < proof.count; k++)
            assert_string_equal(hash_write(&proof.path[k], text), vectors[i].path[k]);
        assert_null(vectors[i].path[proof.count]);
        assert_true(consistency_holds(&proof, vectors[i].size, &head, vectors[i].longer, &longer));
    }
}

static void
proves_every_log_of_every_longer_one(void **state)
{
    (void)state;
    for (uint64_t longer = 0; longer <= LEAVES_MAX; longer++)
        for (uint64_t size = 0; size <= longer; size++) {
            consistency_t proof = prove(size, longer), read;
            assert_true(holds(&proof, size, longer));
            assert_true(consistency_read(&read, consistency_slice(&proof)));
            assert_int_equal(read.count, proof.count);
        }
}

/* One proof for all other sizes, one hash of it another, one too few, one too many. */
static void
proves_no_other_log(void **state)
{
    (void)state;
    for (uint64_t longer = 0; longer <= 20; longer++)
        for (uint64_t size = 1; size <= longer; size++) {
            consistency_t proof = prove(size, longer), other = proof;
            for (uint64_t i = 1; i <= longer + 1; i++)
                for (uint64_t k = 0; k <= longer + 1; k++)
                    assert_true((i == size && k == longer) || (i == k && i != size) ||
                                !proof.count || !holds(&proof, i, k));
            for (size_t i = 0; i < proof.count; i++) {
                other.path[i].bytes[7] ^= 1;
                assert_false(holds(&other, size, longer));
                other = proof;
            }
            other.count = proof.count + 1;
            other.path[proof.count] = HASH_ZERO;
            assert_false(holds(&other, size, longer));
            other.count = proof.count - 1;
            assert_true(!proof.count || !holds(&other, size, longer));
        }
    consistency_t none = {.count = 0};
    hash_t zero = HASH_ZERO, one = leaf_at(0);
    assert_false(consistency_holds(&none, 5, &one, 4, &one));
    assert_false(consistency_holds(&none, 5, &one, 5, &zero));
}

static void
reads_no_list_that_is_too_long_or_torn(void **state)
{
    (void)state;
    uint8_t hashes[(CONSISTENCY_MAX + 1) * HASH_BYTES] = {0};
    consistency_t proof;
    assert_false(consistency_read(&proof, slice_of(hashes, 33)));
    assert_false(consistency_read(&proof, slice_of(hashes, sizeof hashes)));
    assert_true(consistency_read(&proof, slice_of(hashes, sizeof hashes - HASH_BYTES)));
    assert_true(consistency_read(&proof, slice_of(NULL, 0)));
}

/* ---- what witnesses said -------------------------------------------------------------------- */

static checkpoint_t
checkpoint_at(const bench_t *bench, uint64_t size)
{
    checkpoint_t self = {
        .site = bench->site->id, .size = size, .head = head_at(0, size), .made = bench->site->now};
    text_copy(self.broker, sizeof self.broker, "hub");
    return self;
}

/* Lines by these workers over the log's first leaves. */
static bytes_t *
cosign(bench_t *bench, uint64_t size, const char *names)
{
    checkpoint_t of = checkpoint_at(bench, size);
    bytes_t *lines = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *body = bytes_new();
    checkpoint_body(&of, body);
    for (char name[3]; *names; names += strspn(names + 2, ",") + 2) {
        snprintf(name, sizeof name, "%.2s", names);
        cosignature_make(site_key(bench->site, name), name, bench->site->now, bytes_slice(body),
                         lines);
    }
    return lines;
}

static bytes_t *
testify(bench_t *bench, uint64_t size, uint64_t longer, const char *names)
{
    bytes_t *text = bytes_new();
    checkpoint_t of = checkpoint_at(bench, size);
    consistency_t proof = prove(size, longer);
    CLEANUP(bytes_destroy) bytes_t *lines = cosign(bench, size, names);
    testimony_write(&of, bytes_slice(lines), &proof, text);
    return text;
}

static int
set_up_witnesses(void **state)
{
    set_up(state);
    bench_t *bench = *state;
    root_t *root = site_root_next(bench->site);
    site_add_witness(bench->site, root, "s1", "s1");
    site_add_witness(bench->site, root, "w1", "w1");
    site_add_witness(bench->site, root, "w2", "w2");
    assert_fine(bench, add(bench, site_seal_root(bench->site, root, "hana,hugo")));
    return 0;
}

static int
check_text(bench_t *bench, const char *text, const checkpoint_t *shown, cosigners_t *found)
{
    testimony_t read;
    slice_t rest = slice_text(text);
    bench->fault = (fault_t){0};
    assert_int_equal(testimony_cut(&read, &rest, &bench->fault), 1);
    assert_int_equal(rest.size, 0);
    return testimony_check(&read, shown, bench->site->trust, found, &bench->fault);
}

static void
tells_who_signed_and_that_the_log_goes_on_from_there(void **state)
{
    bench_t *bench = *state;
    cosigners_t found;
    checkpoint_t shown = checkpoint_at(bench, 21);
    CLEANUP(bytes_destroy) bytes_t *text = testify(bench, 13, 21, "w2,s1,w2,x1");
    assert_fine(bench, check_text(bench, bytes_text(text), &shown, &found));
    assert_int_equal(found.count, 2);
    assert_true(found.cosigned[0] && !found.cosigned[1] && found.cosigned[2]);
    assert_int_equal(found.newest.ms, bench->site->now.ms);
}

static void
tells_that_a_log_does_not_go_on_from_what_was_signed(void **state)
{
    bench_t *bench = *state;
    cosigners_t found;
    checkpoint_t shown = checkpoint_at(bench, 21);
    CLEANUP(bytes_destroy) bytes_t *text = testify(bench, 13, 21, "s1,w1,w2");
    shown.head.bytes[0] ^= 1;
    assert_fault(bench, check_text(bench, bytes_text(text), &shown, &found), FAULT_PROOF);
    shown = checkpoint_at(bench, 12);
    assert_fault(bench, check_text(bench, bytes_text(text), &shown, &found), FAULT_PROOF);
    shown = checkpoint_at(bench, 21);
    text_copy(shown.broker, sizeof shown.broker, "other");
    assert_fault(bench, check_text(bench, bytes_text(text), &shown, &found), FAULT_FORMAT);
}

static void
does_not_count_a_cosignature_over_another_head_or_by_whom_was_revoked(void **state)
{
    bench_t *bench = *state;
    checkpoint_t of = checkpoint_at(bench, 13);
    hash_t key = pubkey_hash(machinekey_public(site_key(bench->site, "w2")));
    char text[HASH_TEXT];
    CLEANUP(bytes_destroy) bytes_t *body = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *other = cosign(bench, 12, "s1,w1,w2");
    CLEANUP(bytes_destroy) bytes_t *lines = cosign(bench, 13, "s1,w1,w2");
    checkpoint_body(&of, body);
    assert_int_equal(cosigners_of(bytes_slice(other), bytes_slice(body), bench->site->trust).count,
                     0);
    assert_int_equal(cosigners_of(bytes_slice(lines), bytes_slice(body), bench->site->trust).count,
                     3);
    stop_t *revoke = site_stop(bench->site, HALT_WORKER, "s1");
    assert_fine(bench, add(bench, site_seal_stop(bench->site, revoke, "olaf")));
    revoke = site_stop(bench->site, HALT_KEY, hash_write(&key, text));
    assert_fine(bench, add(bench, site_seal_stop(bench->site, revoke, "olaf")));
    cosigners_t left = cosigners_of(bytes_slice(lines), bytes_slice(body), bench->site->trust);
    assert_int_equal(left.count, 1);
    assert_true(left.cosigned[1]);
}

static void
cuts_what_is_whole_off_the_front_and_nothing_else(void **state)
{
    bench_t *bench = *state;
    testimony_t read;
    CLEANUP(bytes_destroy) bytes_t *text = testify(bench, 3, 7, "s1");
    size_t size = text->size;
    bytes_add_text(text, "tocsin-root v1\n");
    slice_t rest = bytes_slice(text);
    assert_int_equal(testimony_cut(&read, &rest, &bench->fault), 1);
    assert_true(slice_is(rest, "tocsin-root v1\n"));
    assert_int_equal(read.size, 3);
    assert_int_equal(read.proof.count, 4);
    assert_int_equal(testimony_cut(&read, &rest, &bench->fault), 0);
    for (size_t end = 1; end < size; end++) {
        rest = slice_of(text->data, end);
        int cut = testimony_cut(&read, &rest, &bench->fault);
        assert_true(cut == -1 || (cut == 0 && end < 7) || (cut == 1 && rest.size < 13));
    }
    static const char *const wrong[] = {
        "tocsin/\n03\nrrS81vyxSnD7Z6WlV40m2g+p8a3gvqxNYyfMEkKgW4Y=\n\n",
        "tocsin/\n3\nrrS81vyxSnD7Z6WlV40m2g+p8a3gvqxNYyfMEkKgWw==\n\n",
        "tocsin/\n3\nrrS81vyxSnD7Z6WlV40m2g+p8a3gvqxNYyfMEkKgW4Y=\nx\n",
        "tocsin/\n3\nrrS81vyxSnD7Z6WlV40m2g+p8a3gvqxNYyfMEkKgW4Y=\n\nconsistent 00\n",
        "tocsin/\n1000000000000000000000000\nrrS81vyxSnD7Z6WlV40m2g+p8a3gvqxNYyfMEkKgW4Y=\n\n",
    };
    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
        rest = slice_text(wrong[i]);
        assert_fault(bench, testimony_cut(&read, &rest, &bench->fault) == -1, FAULT_FORMAT);
    }
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up_witnesses, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(proofs_are_those_of_rfc_6962),
        cmocka_unit_test(proves_every_log_of_every_longer_one),
        cmocka_unit_test(proves_no_other_log),
        cmocka_unit_test(reads_no_list_that_is_too_long_or_torn),
        test(tells_who_signed_and_that_the_log_goes_on_from_there),
        test(tells_that_a_log_does_not_go_on_from_what_was_signed),
        test(does_not_count_a_cosignature_over_another_head_or_by_whom_was_revoked),
        test(cuts_what_is_whole_off_the_front_and_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
