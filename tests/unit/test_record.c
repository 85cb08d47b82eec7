/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/record.h"
#include "common/file.h"

static const char checkpoint[] =
    "tocsin-checkpoint v1\n"
    "site 1111111111111111111111111111111111111111111111111111111111111111\n"
    "broker hq\nsize 2\n"
    "head 2222222222222222222222222222222222222222222222222222222222222222\n"
    "made 2026-11-22T03:04:05.678Z\nend\n";
static const char armor[] = "-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----\n";

static record_t *
load(const char *leaves, fault_t *fault)
{
    char path[] = "/tmp/test-record-XXXXXX";
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    bytes_addf(text, "tocsin-export v1\n%s%s%s", checkpoint, armor, leaves);
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(file_write_all(fd, bytes_slice(text), fault), 0);
    close(fd);
    record_t *record = record_load(path, fault);
    unlink(path);
    return record;
}

static void
reads_an_export(void **state)
{
    (void)state;
    fault_t fault;
    slice_t leaf;
    CLEANUP(record_close)
    record_t *record = load("leaf 0 5\nevent\nleaf 1 7\norder\nx\nend\n", &fault);
    assert_non_null(record);
    assert_int_equal(record_checkpoint(record)->size, 2);
    assert_true(slice_is(record_document(record), checkpoint));
    assert_true(slice_is(record_armor(record), armor));
    assert_int_equal(record_next(record, &leaf, &fault), 1);
    assert_true(slice_is(leaf, "event"));
    assert_int_equal(record_next(record, &leaf, &fault), 1);
    assert_true(slice_is(leaf, "order\nx"));
    assert_int_equal(record_next(record, &leaf, &fault), 0);
}

static void
breaks(const char *leaves)
{
    fault_t fault;
    slice_t leaf;
    int more;
    CLEANUP(record_close) record_t *record = load(leaves, &fault);
    assert_non_null(record);
    while ((more = record_next(record, &leaf, &fault)) == 1)
        ;
    assert_int_equal(more, -1);
    assert_int_equal(fault.code, FAULT_FORMAT);
}

static void
refuses_an_export_that_is_short_long_or_out_of_order(void **state)
{
    (void)state;
    breaks("");
    breaks("leaf 0 5\nevent\n");
    breaks("leaf 0 5\nevent\nend\n");
    breaks("leaf 1 5\nevent\nleaf 0 5\nevent\nend\n");
    breaks("leaf 0 6\nevent\nleaf 1 5\nevent\nend\n");
    breaks("leaf 0 4\nevent\nleaf 1 5\nevent\nend\n");
    breaks("leaf 0 05\nevent\nleaf 1 5\nevent\nend\n");
    breaks("leaf 0 99999999999999999999\nevent\nleaf 1 5\nevent\nend\n");
    breaks("leaf 0 5\nevent\nleaf 1 5\nevent\nend\nmore");
    breaks("leaf 0 5\nevent\nleaf 1 5\nevent\n");
}

static void
refuses_a_file_that_is_no_export(void **state)
{
    (void)state;
    fault_t fault;
    char path[] = "/tmp/test-record-XXXXXX";
    close(mkstemp(path));
    assert_null(record_load(path, &fault));
    assert_int_equal(fault.code, FAULT_FORMAT);
    unlink(path);
    assert_null(record_load(path, &fault));
    assert_int_equal(fault.code, FAULT_NOT_FOUND);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_an_export),
        cmocka_unit_test(refuses_an_export_that_is_short_long_or_out_of_order),
        cmocka_unit_test(refuses_a_file_that_is_no_export),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
