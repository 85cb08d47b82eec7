/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/ops/families.h"

static const op_t rows[] = {
    {
        .name = "tls.certificate",
        .least = CLASS_OBSERVE,
        .again = AGAIN_IDEMPOTENT,
        .timeout_s = 65,
        .memory_mib = 256,
        .result_bytes_max = 256 * KIB,
        .arguments = {{.name = "address",
                       .kind = ARGUMENT_ADDRESS,
                       .help = "the server, an IP address or host name; or a path"},
                      {.name = "port",
                       .kind = ARGUMENT_INTEGER,
                       .min = 1,
                       .max = 65535,
                       .help = "of the server, which speaks TLS from the first byte; 443"},
                      {.name = "name",
                       .kind = ARGUMENT_ADDRESS,
                       .help = "the name that the certificate must be for; of a server its address "
                               "where left out"},
                      {.name = "path",
                       .kind = ARGUMENT_PATH,
                       .lies = PATH_READ,
                       .help = "a file in PEM, the own certificate first"},
                      {.name = "timeout_ms",
                       .kind = ARGUMENT_INTEGER,
                       .min = 1,
                       .max = 60000,
                       .help = "how long to wait; 10000"}},
        .help = "tells the certificates of a server or a file, and whether the machine's store and "
                "the name bear them out",
        .result =
            "{verified: bool, problem?: text, not_after: integer (ms since 1970; of the first), "
            "protocol?: text, chain: list of {subject: text, issuer: text, not_before: integer (ms "
            "since 1970), "
            "not_after: integer (ms since 1970), names: list of text, names_left_out: integer, "
            "sha256: text}, "
            "more: bool}",
    },
};

const op_family_t ops_tls = {rows, ARRAY_SIZE(rows)};
