/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/memory.h"

#define PAGE       4096
#define COUNTS_MAX (256 * 1024)

/* Each page of what this process has mapped to read only is looked at. */
static int
touch(struct dl_phdr_info *object, size_t size, void *sum)
{
    (void)size;
    for (int i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
        const volatile uint8_t *bytes = (const uint8_t *)(object->dlpi_addr + segment->p_vaddr);
        if (segment->p_type == PT_LOAD && (segment->p_flags & (PF_R | PF_W)) == PF_R)
            for (size_t at = 0; at < segment->p_memsz; at += PAGE)
                *(unsigned *)sum += bytes[at];
    }
    return 0;
}

/* What the kernel counts now, kept to be read later: reading it maps code. */
static void
count_now(char counts[static COUNTS_MAX])
{
    ssize_t got = 1;
    size_t size = 0;
    int fd = open("/proc/self/smaps", O_RDONLY);
    for (; got > 0 && size + 1 < COUNTS_MAX; size += got > 0 ? (size_t)got : 0)
        got = read(fd, counts + size, COUNTS_MAX - 1 - size);
    counts[size] = '\0';
    close(fd);
}

/* Of files' pages that were mapped and not changed. */
static unsigned long
clean_kib(char *counts)
{
    unsigned long kib, sum = 0;
    char *rest = NULL;
    for (char *line = strtok_r(counts, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
        if (sscanf(line, "Shared_Clean: %lu", &kib) == 1 ||
            sscanf(line, "Private_Clean: %lu", &kib) == 1)
            sum += kib;
    return sum;
}

static void
who_rests_keeps_no_code_mapped_and_goes_on_as_before(void **state)
{
    static char busy[COUNTS_MAX], rested[COUNTS_MAX];
    unsigned before = 0, after = 0;
    (void)state;
    dl_iterate_phdr(touch, &before);
    count_now(busy);
    memory_rest();
    count_now(rested);
    dl_iterate_phdr(touch, &after);
    unsigned long busy_kib = clean_kib(busy), rested_kib = clean_kib(rested);
    assert_true(busy_kib > 1024);
    assert_true(rested_kib < busy_kib / 2);
    assert_int_equal(after, before);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_rests_keeps_no_code_mapped_and_goes_on_as_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
