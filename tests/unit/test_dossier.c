/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/trust_fixture.h"
#include "wire/dossier.h"
#include "wire/enrolment.h"

static void
put(const bench_t *bench, const char *name, const sealed_t *sealed)
{
    fault_t fault;
    char path[128], signatures[140];
    snprintf(path, sizeof path, "%s/%s", site_folder(bench->site), name);
    snprintf(signatures, sizeof signatures, "%s.sigs", path);
    assert_int_equal(file_write(path, bytes_slice(sealed->document), 0644, &fault), 0);
    assert_int_equal(file_write(signatures, bytes_slice(sealed->armors), 0644, &fault), 0);
}

static bytes_t *
dossier_of(bench_t *bench, const char *region)
{
    bytes_t *text = bytes_new();
    put(bench, "root.1", &bench->site->root);
    put(bench, "people", &bench->site->people);
    put(bench, "fleet.north", &bench->site->north);
    put(bench, "fleet.south", &bench->site->south);
    assert_fine(bench, dossier_read(site_folder(bench->site), region, text, &bench->fault));
    return text;
}

static void
proves_a_whole_site_from_its_id(void **state)
{
    bench_t *bench = *state;
    CLEANUP(bytes_destroy) bytes_t *text = dossier_of(bench, NULL);
    CLEANUP(trust_destroy) trust_t *trust = trust_new(&bench->site->id);
    assert_fine(bench, dossier_verify(bytes_slice(text), trust, &bench->fault));
    assert_fine(bench, trust_check_current(trust, bench->site->now, &bench->fault));
    assert_int_equal(trust_fleet_count(trust), 2);
    assert_non_null(trust_worker(trust, "s1", NULL));
}

static void
holds_one_region_where_one_is_asked_for(void **state)
{
    bench_t *bench = *state;
    CLEANUP(bytes_destroy) bytes_t *text = dossier_of(bench, "south");
    CLEANUP(trust_destroy) trust_t *trust = trust_new(&bench->site->id);
    assert_fine(bench, dossier_verify(bytes_slice(text), trust, &bench->fault));
    assert_int_equal(trust_fleet_count(trust), 1);
    assert_null(trust_worker(trust, "w1", NULL));
}

static void
is_nothing_to_another_site(void **state)
{
    bench_t *bench = *state;
    hash_t other = hash_of(slice_text("another"));
    CLEANUP(bytes_destroy) bytes_t *text = dossier_of(bench, NULL);
    CLEANUP(trust_destroy) trust_t *trust = trust_new(&other);
    assert_fault(bench, dossier_verify(bytes_slice(text), trust, &bench->fault), FAULT_SITE);
}

static void
refuses_what_follows_the_documents_and_is_none(void **state)
{
    bench_t *bench = *state;
    CLEANUP(bytes_destroy) bytes_t *text = dossier_of(bench, NULL);
    CLEANUP(trust_destroy) trust_t *trust = trust_new(&bench->site->id);
    bytes_add_text(text, "more\n");
    assert_fault(bench, dossier_verify(bytes_slice(text), trust, &bench->fault), FAULT_FORMAT);
    CLEANUP(trust_destroy) trust_t *again = trust_new(&bench->site->id);
    slice_t cut = slice_of(text->data, text->size - strlen("more\n") - 3);
    assert_fault(bench, dossier_verify(cut, again, &bench->fault), FAULT_SIGNATURE);
}

static void
refuses_a_byte_that_nobody_signed(void **state)
{
    bench_t *bench = *state;
    CLEANUP(bytes_destroy) bytes_t *text = dossier_of(bench, NULL);
    CLEANUP(trust_destroy) trust_t *trust = trust_new(&bench->site->id);
    char *place = strstr((char *)text->data, "worker w1 role=web");
    assert_non_null(place);
    place[strlen("worker w1 role=we")] = 't';
    assert_fault(bench, dossier_verify(bytes_slice(text), trust, &bench->fault), FAULT_SIGNATURE);
}

static void
becomes_a_site_folder_again(void **state)
{
    bench_t *bench = *state;
    char folder[96];
    CLEANUP(bytes_destroy) bytes_t *text = dossier_of(bench, NULL);
    CLEANUP(bytes_destroy) bytes_t *again = bytes_new();
    snprintf(folder, sizeof folder, "%s/kept", site_folder(bench->site));
    assert_fine(bench, dossier_keep(bytes_slice(text), folder, &bench->fault));
    assert_fine(bench, dossier_read(folder, NULL, again, &bench->fault));
    assert_string_equal(bytes_text(again), bytes_text(text));
}

static enrolment_t
some_request(const bench_t *bench)
{
    enrolment_t request = {.site = bench->site->id, .curve = site_curve("w9")};
    text_copy(request.worker, sizeof request.worker, "w9");
    request.key = *machinekey_public(site_key(bench->site, "w9"));
    return request;
}

static void
reads_a_request_as_it_was_written(void **state)
{
    bench_t *bench = *state;
    enrolment_t request = some_request(bench), read;
    char one[ENROLMENT_FINGERPRINT_TEXT], other[ENROLMENT_FINGERPRINT_TEXT];
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    enrolment_encode(&request, text);
    assert_fine(bench, enrolment_decode(&read, bytes_slice(text), &bench->fault));
    assert_string_equal(read.worker, "w9");
    assert_true(pubkey_equal(&read.key, &request.key));
    assert_string_equal(enrolment_fingerprint(&read, one), enrolment_fingerprint(&request, other));
    assert_int_equal(strlen(one), ENROLMENT_FINGERPRINT_TEXT - 1);
    read.curve.bytes[7] ^= 1;
    assert_string_not_equal(enrolment_fingerprint(&read, one), other);
}

static void
refuses_a_request_with_a_line_more_or_a_persons_key(void **state)
{
    bench_t *bench = *state;
    enrolment_t request = some_request(bench), read;
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *long_text = bytes_new();
    request.key.kind = PUBKEY_SK_ED25519;
    text_copy(request.key.application, sizeof request.key.application, "ssh:");
    enrolment_encode(&request, text);
    assert_fault(bench, enrolment_decode(&read, bytes_slice(text), &bench->fault), FAULT_KEY);
    slice_t cut = slice_of(text->data, text->size - strlen("end\n"));
    bytes_add_slice(long_text, cut);
    bytes_add_text(long_text, "role web\nend\n");
    assert_true(enrolment_decode(&read, bytes_slice(long_text), &bench->fault));
    while (long_text->size <= ENROLMENT_BYTES_MAX)
        bytes_add_text(long_text, "more\n");
    assert_fault(bench, enrolment_decode(&read, bytes_slice(long_text), &bench->fault),
                 FAULT_LIMIT);
}

/* What the tests wrote. */
static int
wipe(void **state)
{
    static const char *const names[] = {"root.1", "people", "fleet.north", "fleet.south"};
    bench_t *bench = *state;
    char path[160];
    for (size_t i = 0; i < 4 * ARRAY_SIZE(names); i++) {
        snprintf(path, sizeof path, "%s/%s%s%s", site_folder(bench->site), i & 1 ? "kept/" : "",
                 names[i / 4], i & 2 ? ".sigs" : "");
        unlink(path);
    }
    snprintf(path, sizeof path, "%s/kept", site_folder(bench->site));
    rmdir(path);
    return tear_down(state);
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, wipe)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        test(proves_a_whole_site_from_its_id),
        test(holds_one_region_where_one_is_asked_for),
        test(is_nothing_to_another_site),
        test(refuses_what_follows_the_documents_and_is_none),
        test(refuses_a_byte_that_nobody_signed),
        test(becomes_a_site_folder_again),
        test(reads_a_request_as_it_was_written),
        test(refuses_a_request_with_a_line_more_or_a_persons_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
