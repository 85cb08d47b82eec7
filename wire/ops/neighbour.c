/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/ops/families.h"

static const op_t rows[] = {
    {
        .name = "neighbour.list",
        .least = CLASS_OBSERVE,
        .again = AGAIN_IDEMPOTENT,
        .timeout_s = 10,
        .memory_mib = 64,
        .result_bytes_max = 256 * KIB,
        .arguments = {{.name = "link",
                       .kind = ARGUMENT_WORD,
                       .min = 1,
                       .max = 15,
                       .help = "only on this link"}},
        .help = "lists what ARP and neighbour discovery found on the links (1024 at most)",
        .result = "{neighbours: list of {address: text, mac?: text, link: text, state: text "
                  "(reachable, stale, incomplete, failed, permanent...)}, more: bool}",
    },
};

const op_family_t ops_neighbour = {rows, ARRAY_SIZE(rows)};
