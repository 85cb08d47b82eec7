/* SPDX-License-Identifier: Apache-2.0 */
/* documents - attacks on the grammar: each order is signed after the edit, so that nothing but the
 * grammar refuses it. */
#ifndef TOCSIN_TESTS_DOCUMENTS_H
#define TOCSIN_TESTS_DOCUMENTS_H

#include "tests/attack/lie.h"

/* Puts `to` where `from` stands. */
static void
replace(bytes_t *document, const char *from, slice_t to)
{
    CLEANUP(bytes_destroy) bytes_t *old = bytes_copy(bytes_slice(document));
    char *at = strstr((char *)old->data, from);
    if (!at)
        forge_die("what an attack edits is not there");
    bytes_clear(document);
    bytes_add(document, old->data, (size_t)(at - (char *)old->data));
    bytes_add_slice(document, to);
    bytes_add_text(document, at + strlen(from));
}

#define EDIT(name, from, to)                                   \
    static void name(bytes_t *document)                        \
    {                                                          \
        replace(document, from, slice_of(to, sizeof(to) - 1)); \
    }

#define REASON "reason the log is too large\n"

EDIT(leading_zero, "soak 0\n", "soak 00\n")
EDIT(twice, "mode run\n", "mode run\nmode run\n")
EDIT(nul, REASON, "reason the log\0 is too large\n")
EDIT(bad_utf8, REASON, "reason the log \xc3\x28\n")
EDIT(overlong_utf8, REASON, "reason the log \xc0\xaf\n")
EDIT(bidi, REASON, "reason the log \xe2\x80\xae is too large\n")
EDIT(escape, REASON, "reason \x1b[2Kthe log\n")
EDIT(no_end, "end\n", "")
EDIT(behind_end, "end\n", "end\nmode run\n")
EDIT(version_0, "tocsin-order v1", "tocsin-order v0")
EDIT(version_2, "tocsin-order v1", "tocsin-order v2")
EDIT(other_type, "tocsin-order v1", "tocsin-grant v1")
EDIT(carriage_return, "mode run\n", "mode run\r\n")
EDIT(two_spaces, "mode run\n", "mode  run\n")
EDIT(unknown_key, "mode run\n", "mode run\nsudo yes\n")

static void
unsorted(bytes_t *document)
{
    CLEANUP(bytes_destroy) bytes_t *more = bytes_new();
    const char *line = strstr(bytes_text(document), "target 1 ");
    bytes_addf(more, "target 1 zz\n%s", line);
    document->size = (size_t)(line - bytes_text(document));
    bytes_add_slice(document, bytes_slice(more));
}

static void
oversize_line(bytes_t *document)
{
    CLEANUP(bytes_destroy) bytes_t *line = bytes_new();
    bytes_addf(line, "reason %01100d\n", 0);
    replace(document, REASON, bytes_slice(line));
}

static void
of_staging(enemy_t *self, plan_t *plan)
{
    (void)self;
    plan->order->site = hash_of(slice_text("staging"));
}

static const attack_t document_attacks[] = {
    {"doc_noncanonical_int_leading_zero", "format", .edit = leading_zero},
    {"doc_duplicate_key", "format", .edit = twice},
    {"doc_unsorted_repeat", "format", .edit = unsorted},
    {"doc_nul_or_bad_utf8: a NUL", "format", .edit = nul},
    {"doc_nul_or_bad_utf8: half a character", "format", .edit = bad_utf8},
    {"doc_nul_or_bad_utf8: an overlong one", "format", .edit = overlong_utf8},
    {"doc_bidi_override_in_reason", "format", .edit = bidi},
    {"doc_terminal_escape_in_reason", "format", .edit = escape},
    {"doc_oversize_line", "limit", .edit = oversize_line},
    {"doc_missing_end", "format", .edit = no_end},
    {"doc_lines_behind_end", "format", .edit = behind_end},
    {"doc_carriage_return", "format", .edit = carriage_return},
    {"doc_two_spaces", "format", .edit = two_spaces},
    {"doc_unknown_key", "format", .edit = unknown_key},
    {"doc_other_type", "format", .edit = other_type},
    {"doc_site_mismatch_staging_to_prod", "site", .plan = of_staging},
    {"doc_downgrade_min_version: to v0", "format", .edit = version_0},
    {"doc_downgrade_min_version: to v2", "format", .edit = version_2},
    {"a valid order is still accepted", "none", .begins = true},
};

#endif
