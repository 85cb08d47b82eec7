/* SPDX-License-Identifier: Apache-2.0 */
/* lint - what tests/lint tells clang's analyzer, which sees one file at a time: failing returns -1,
 * and cmocka's ends the test. */
#ifndef TOCSIN_LINT_H
#define TOCSIN_LINT_H

#include "common/fault.h"

#define fault_set(...)   (fault_set(__VA_ARGS__), -1)
#define fault_wrap(...)  (fault_wrap(__VA_ARGS__), -1)
#define fault_errno(...) (fault_errno(__VA_ARGS__), -1)

_Noreturn void _fail(const char *const file, const int line);

#endif
