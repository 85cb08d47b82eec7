/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/ops/families.h"

static const op_t rows[] = {
    {
        .name = "conntrack.count",
        .least = CLASS_OBSERVE,
        .again = AGAIN_IDEMPOTENT,
        .timeout_s = 30,
        .memory_mib = 64,
        .result_bytes_max = 16 * KIB,
        .arguments = {{.name = "top",
                       .kind = ARGUMENT_INTEGER,
                       .min = 0,
                       .max = 50,
                       .help = "how many sources to name; 10"},
                      {.name = "source",
                       .kind = ARGUMENT_NET,
                       .help = "an address or network: whether it opened any is told too"}},
        .help = "counts the connections that the kernel tracks, and who opened most of them",
        .result =
            "{tracked: bool (false where the kernel tracks none), count: integer, "
            "max: integer, used_percent: integer, top: list of {address: text, "
            "count: integer}, more: bool, opened?: integer (by the source that was asked for)}",
    },
    {
        .name = "conntrack.flush",
        .least = CLASS_CHANGE,
        .again = AGAIN_IDEMPOTENT,
        .foretold = true,
        .timeout_s = 30,
        .memory_mib = 64,
        .result_bytes_max = FIX_RESULT_MAX,
        .arguments = {{.name = "source",
                       .kind = ARGUMENT_NET,
                       .required = true,
                       .named = true,
                       .help = "whose; an address or network"}},
        .help = "forgets the tracked connections (4096 at most) that a source opened: those "
                "through address translation break",
        .result = "{source: text, forgotten: integer, more: bool}",
    },
};

const op_family_t ops_conntrack = {rows, ARRAY_SIZE(rows)};
