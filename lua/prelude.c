/* SPDX-License-Identifier: Apache-2.0 */
#include "lua/prelude.h"

/* .incbin keeps the text as it is; the Makefile names the dependency. */
__asm__(".pushsection .rodata\n"
        "prelude_start: .incbin \"lua/prelude.lua\"\n"
        "prelude_end: .byte 0\n"
        ".popsection\n");

extern const uint8_t prelude_start[] __attribute__((visibility("hidden")));
extern const uint8_t prelude_end[] __attribute__((visibility("hidden")));

slice_t
prelude_text(void)
{
    return slice_of(prelude_start, (size_t)(prelude_end - prelude_start));
}
