/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/memory.h"

#define PAGE 4096

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

/* Of files' pages that it has mapped and not changed, as the kernel counts them. */
static unsigned long
clean_kib(void)
{
    char line[512];
    unsigned long kib, sum = 0;
    FILE *file = fopen("/proc/self/smaps", "re");
    assert_non_null(file);
    while (fgets(line, sizeof line, file))
        if (sscanf(line, "Shared_Clean: %lu", &kib) == 1 ||
            sscanf(line, "Private_Clean: %lu", &kib) == 1)
            sum += kib;
    fclose(file);
    return sum;
}

static void
who_rests_keeps_no_code_mapped_and_goes_on_as_before(void **state)
{
    unsigned before = 0, after = 0;
    (void)state;
    dl_iterate_phdr(touch, &before);
    unsigned long busy = clean_kib();
    memory_rest();
    unsigned long rested = clean_kib();
    dl_iterate_phdr(touch, &after);
    assert_true(busy > 1024);
    assert_true(rested < busy / 2);
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
