/* SPDX-License-Identifier: Apache-2.0 */
/* scratch_wraps - the calls that the linker sends to tests/unit/scratch.c (-Wl,--wrap), where what
 * a test makes for itself is noted. */
#ifndef TOCSIN_SCRATCH_WRAPS_H
#define TOCSIN_SCRATCH_WRAPS_H

char *__real_mkdtemp(char *path);
char *__wrap_mkdtemp(char *path);
int __real_mkstemp(char *path);
int __wrap_mkstemp(char *path);

#endif
