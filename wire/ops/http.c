/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/ops/families.h"

static const op_t rows[] = {
    {
        .name = "http.probe",
        .least = CLASS_OBSERVE,
        .again = AGAIN_IDEMPOTENT,
        .timeout_s = 65,
        .memory_mib = 256,
        .result_bytes_max = 8 * KIB,
        .arguments = {{.name = "url",
                       .kind = ARGUMENT_WORD,
                       .required = true,
                       .min = 8,
                       .max = 1000,
                       .help = "begins with http:// or https://"},
                      {.name = "header",
                       .kind = ARGUMENT_WORD,
                       .min = 1,
                       .max = 100,
                       .help = "the name of a header whose value is told"},
                      {.name = "contains",
                       .kind = ARGUMENT_TEXT,
                       .min = 1,
                       .max = 200,
                       .help = "words that the body should hold"},
                      {.name = "redirects",
                       .kind = ARGUMENT_INTEGER,
                       .min = 0,
                       .max = 5,
                       .help = "how many are followed; 0"},
                      {.name = "timeout_ms",
                       .kind = ARGUMENT_INTEGER,
                       .min = 1,
                       .max = 60000,
                       .help = "how long to wait; 10000"}},
        .help = "asks a web server for a page",
        .result =
            "{status: integer (0 where there was no answer), error?: text, milliseconds: integer, "
            "body_bytes: integer, body_cut: bool (over 1 MiB), redirects: integer, address: text, "
            "url: text "
            "(where redirects led), header?: text, contains?: bool}",
    },
};

const op_family_t ops_http = {rows, ARRAY_SIZE(rows)};
