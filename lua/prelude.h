/* SPDX-License-Identifier: Apache-2.0 */
/* prelude - the text of lua/prelude.lua, the library that playbooks see, inside the program. */
#ifndef TOCSIN_PRELUDE_H
#define TOCSIN_PRELUDE_H

#include "common/bytes.h"

/* Lives as long as the program. */
slice_t prelude_text(void);

#endif
