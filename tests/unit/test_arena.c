/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <unistd.h>

#include "common/memory.h"
#include "lua/arena.h"

#define MIB (1024 * 1024)

static void
gives_aligned_memory_that_does_not_overlap(void **state)
{
    (void)state;
    CLEANUP(arena_destroy) arena_t *arena = arena_new(MIB);
    uint8_t *blocks[200];
    for (size_t i = 0; i < ARRAY_SIZE(blocks); i++) {
        blocks[i] = arena_resize(arena, NULL, 0, 1 + i * 7);
        assert_non_null(blocks[i]);
        assert_int_equal((uintptr_t)blocks[i] % 16, 0);
        memset(blocks[i], (int)i, 1 + i * 7);
    }
    for (size_t i = 0; i < ARRAY_SIZE(blocks); i++)
        for (size_t at = 0; at < 1 + i * 7; at++)
            assert_int_equal(blocks[i][at], i);
}

static void
a_resized_block_keeps_its_bytes(void **state)
{
    (void)state;
    CLEANUP(arena_destroy) arena_t *arena = arena_new(4 * MIB);
    size_t size = 3;
    char *text = arena_resize(arena, NULL, 0, size);
    memcpy(text, "ab", 3);
    for (size_t next = 10; next < MIB; next = next * 3 / 2) {
        text = arena_resize(arena, text, size, next);
        size = next;
        assert_string_equal(text, "ab");
    }
    text = arena_resize(arena, text, size, 3);
    assert_string_equal(text, "ab");
}

static void
freed_blocks_are_given_again(void **state)
{
    (void)state;
    CLEANUP(arena_destroy) arena_t *arena = arena_new(16 * 1024);
    for (int round = 0; round < 1000; round++) {
        void *first = arena_resize(arena, NULL, 0, 5000);
        void *second = arena_resize(arena, NULL, 0, 700);
        assert_non_null(first);
        assert_non_null(second);
        arena_resize(arena, first, 5000, 0);
        arena_resize(arena, second, 700, 0);
    }
}

static void
says_no_when_it_is_used_up_and_still_shrinks(void **state)
{
    (void)state;
    CLEANUP(arena_destroy) arena_t *arena = arena_new(64 * 1024);
    uint8_t *most = arena_resize(arena, NULL, 0, 48 * 1024);
    assert_non_null(most);
    assert_null(arena_resize(arena, NULL, 0, 32 * 1024));
    assert_null(arena_resize(arena, most, 48 * 1024, 60 * 1024));
    assert_null(arena_resize(arena, NULL, 0, SIZE_MAX / 2));
    while (arena_resize(arena, NULL, 0, 16))
        ;
    assert_non_null(arena_resize(arena, most, 48 * 1024, 100));
}

static void
what_is_settled_is_left_as_it_is(void **state)
{
    (void)state;
    CLEANUP(arena_destroy) arena_t *arena = arena_new(MIB);
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uint8_t *kept = arena_resize(arena, NULL, 0, 100), *hole = arena_resize(arena, NULL, 0, 200);
    uint8_t *last = arena_resize(arena, NULL, 0, 300);
    arena_resize(arena, hole, 200, 0);
    arena_settle(arena);
    uint8_t *next = arena_resize(arena, NULL, 0, 200);
    assert_true((uintptr_t)next / page > (uintptr_t)(last + 300) / page);
    assert_int_equal((uintptr_t)next % page, 0);
    arena_resize(arena, kept, 100, 0); /* who gives back what was there writes to it */
    assert_ptr_equal(arena_resize(arena, NULL, 0, 100), kept);
}

static void
an_arena_that_is_used_up_settles_too(void **state)
{
    (void)state;
    CLEANUP(arena_destroy) arena_t *arena = arena_new(5000);
    assert_non_null(arena_resize(arena, NULL, 0, 1000));
    arena_settle(arena);
    assert_non_null(arena_resize(arena, NULL, 0, 500));
    arena_settle(arena);
    assert_null(arena_resize(arena, NULL, 0, 16));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_aligned_memory_that_does_not_overlap),
        cmocka_unit_test(a_resized_block_keeps_its_bytes),
        cmocka_unit_test(freed_blocks_are_given_again),
        cmocka_unit_test(what_is_settled_is_left_as_it_is),
        cmocka_unit_test(an_arena_that_is_used_up_settles_too),
        cmocka_unit_test(says_no_when_it_is_used_up_and_still_shrinks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
