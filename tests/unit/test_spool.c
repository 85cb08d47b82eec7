/* SPDX-License-Identifier: Apache-2.0 */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/file.h"
#include "common/text.h"
#include "sidecars/spool.h"

typedef struct {
    char folder[64];
    char below[2][96];
    spool_t *spools[2];
    fault_t fault;
} bench_t;

static void
open_both(bench_t *self)
{
    for (size_t i = 0; i < 2; i++) {
        spool_destroy(&self->spools[i]);
        self->spools[i] = spool_open(self->below[i], &self->fault);
        assert_non_null(self->spools[i]);
    }
}

static int
set_up(void **state)
{
    bench_t *self = memory_new(1, sizeof *self);
    text_copy(self->folder, sizeof self->folder, "/tmp/tocsin-spool-XXXXXX");
    assert_non_null(mkdtemp(self->folder));
    snprintf(self->below[0], sizeof self->below[0], "%s/centre", self->folder);
    snprintf(self->below[1], sizeof self->below[1], "%s/north", self->folder);
    open_both(self);
    *state = self;
    return 0;
}

static int
tear_down(void **state)
{
    bench_t *self = *state;
    for (size_t i = 0; i < 2; i++) {
        while (spool_count(self->spools[i]))
            assert_int_equal(spool_drop(self->spools[i], &self->fault), 0);
        spool_destroy(&self->spools[i]);
        rmdir(self->below[i]);
    }
    assert_int_equal(rmdir(self->folder), 0);
    free(self);
    return 0;
}

static int
put(bench_t *self, int64_t at, const char *text)
{
    return spool_put(self->folder, self->spools, 2, (wall_t){at}, slice_text(text), &self->fault);
}

static void
oldest_is(bench_t *self, size_t spool, int64_t at, const char *text)
{
    CLEANUP(bytes_destroy) bytes_t *bytes = spool_read(self->spools[spool], &self->fault);
    assert_non_null(bytes);
    assert_string_equal(bytes_text(bytes), text);
    assert_int_equal(spool_received(self->spools[spool]).ms, at);
}

static void
drop(bench_t *self, size_t spool)
{
    if (spool_drop(self->spools[spool], &self->fault))
        fail_msg("%s", self->fault.text);
}

static void
a_post_is_in_every_spool_until_it_is_dropped_there(void **state)
{
    bench_t *self = *state;
    assert_int_equal(put(self, 1795000000000, "one"), 0);
    oldest_is(self, 0, 1795000000000, "one");
    drop(self, 0);
    assert_int_equal(spool_count(self->spools[0]), 0);
    oldest_is(self, 1, 1795000000000, "one");
}

static void
posts_come_out_as_they_went_in(void **state)
{
    bench_t *self = *state;
    static const int64_t at[] = {1795000000005, 1795000000005, 1795000000003, 1795000000009};
    static const int64_t kept[] = {1795000000005, 1795000000005, 1795000000005, 1795000000009};
    static const char *const texts[] = {"a", "b", "the clock went back", "c"};
    for (size_t i = 0; i < ARRAY_SIZE(at); i++)
        assert_int_equal(put(self, at[i], texts[i]), 0);
    for (size_t i = 0; i < ARRAY_SIZE(at); i++) {
        oldest_is(self, 0, kept[i], texts[i]);
        drop(self, 0);
    }
}

static void
after_a_restart_they_are_all_there_in_order(void **state)
{
    bench_t *self = *state;
    char path[PATH_MAX];
    assert_int_equal(put(self, 1795000000001, "one"), 0);
    assert_int_equal(put(self, 1795000000002, "two"), 0);
    assert_int_equal(put(self, 1795000000003, "three"), 0);
    drop(self, 0);
    snprintf(path, sizeof path, "%s/no post of ours", self->below[0]);
    assert_int_equal(file_write(path, slice_text("x"), 0600, &self->fault), 0);
    open_both(self);
    unlink(path);
    assert_int_equal(spool_count(self->spools[0]), 2);
    assert_int_equal(spool_count(self->spools[1]), 3);
    oldest_is(self, 0, 1795000000002, "two");
    oldest_is(self, 1, 1795000000001, "one");
}

static void
one_that_is_full_does_not_hold_up_the_other(void **state)
{
    bench_t *self = *state;
    for (int i = 0; i < SPOOL_POSTS_MAX; i++)
        assert_int_equal(put(self, 1795000000000 + i, "x"), 0);
    while (spool_count(self->spools[1]))
        drop(self, 1);
    assert_int_equal(put(self, 1795000009999, "late"), -1);
    assert_int_equal(self->fault.code, FAULT_FULL);
    assert_int_equal(spool_count(self->spools[0]), SPOOL_POSTS_MAX);
    oldest_is(self, 1, 1795000009999, "late");
    drop(self, 0);
    assert_int_equal(put(self, 1795000010000, "again"), 0);
}

static void
a_folder_that_cannot_be_made_is_said(void **state)
{
    bench_t *self = *state;
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/file", self->folder);
    assert_int_equal(file_write(path, slice_text("x"), 0600, &self->fault), 0);
    assert_null(spool_open(path, &self->fault));
    assert_int_equal(self->fault.code, FAULT_IO);
    unlink(path);
}

#define row(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        row(a_post_is_in_every_spool_until_it_is_dropped_there),
        row(posts_come_out_as_they_went_in),
        row(after_a_restart_they_are_all_there_in_order),
        row(one_that_is_full_does_not_hold_up_the_other),
        row(a_folder_that_cannot_be_made_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
