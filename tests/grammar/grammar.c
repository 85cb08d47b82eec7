/* SPDX-License-Identifier: Apache-2.0 */
/* grammar - holds two readers of docs/PROTOCOL.md's documents against each other: the ones that
 * tocsin decides with, and the oracle. Both accept or both refuse, and what they accept both write
 * again as it was. Every disagreement is a mistake in one of the two, or a hole in the page.
 *
 *     grammar [--count N] [--seed N] [--from N] [--seconds N] [--show]
 *
 * Document i of a seed is the same on every machine; --from I --count 1 --show prints it. */
#include <stdio.h>
#include <stdlib.h>

#include "keys/beacon.h"
#include "keys/consent.h"
#include "keys/fleet.h"
#include "keys/grant.h"
#include "keys/halt.h"
#include "keys/restart.h"
#include "keys/order.h"
#include "keys/people.h"
#include "keys/pubkey.h"
#include "keys/receipt.h"
#include "keys/release.h"
#include "keys/root.h"
#include "tests/grammar/maker.h"
#include "wire/allowance.h"
#include "wire/checkpoint.h"

#define DISAGREEMENTS_MAX 5

/* One reader a type: 0, and what it read written again, or -1. */
typedef int (*reader_t)(slice_t document, bytes_t *again, fault_t *fault);

#define READ(noun)                                                               \
    static int read_##noun(slice_t document, bytes_t *again, fault_t *fault)     \
    {                                                                            \
        CLEANUP(noun##_destroy) noun##_t *self = noun##_decode(document, fault); \
        if (self)                                                                \
            noun##_encode(self, again);                                          \
        return self ? 0 : -1;                                                    \
    }
READ(root)
READ(people)
READ(fleet)
READ(release)
READ(order)
READ(grant)
READ(alert)
READ(receipt)
READ(consent)
READ(stop)
READ(resume)
READ(restart)
READ(beacon)

/* It has no writer of its own: what stands in it is held against its bytes by its decoder. */
static int
read_checkpoint(slice_t document, bytes_t *again, fault_t *fault)
{
    checkpoint_t self;
    if (checkpoint_decode(&self, document, fault))
        return -1;
    bytes_add_slice(again, document);
    return 0;
}

static int
read_allowance(slice_t document, bytes_t *again, fault_t *fault)
{
    CLEANUP(memory_free) allowance_t *self = memory_new(1, sizeof *self);
    if (allowance_decode(self, document, fault))
        return -1;
    allowance_encode(self, again);
    return 0;
}

static const struct {
    const char *type;
    reader_t read;
} READERS[] = {
    {"root", read_root},       {"people", read_people},       {"fleet", read_fleet},
    {"release", read_release}, {"order", read_order},         {"grant", read_grant},
    {"alert", read_alert},     {"receipt", read_receipt},     {"consent", read_consent},
    {"answer", read_consent},  {"stop", read_stop},           {"revoke", read_stop},
    {"resume", read_resume},   {"restart", read_restart},     {"checkpoint", read_checkpoint},
    {"beacon", read_beacon},   {"allowance", read_allowance},
};

#define READER_COUNT ARRAY_SIZE(READERS)

/* Of a type: how many were given, and how many both took. */
static struct {
    unsigned long long given, taken;
} counts[READER_COUNT];

static bool
is_point(const uint8_t point[32])
{
    pubkey_t key;
    CLEANUP(bytes_destroy) bytes_t *blob = bytes_new();
    bytes_add_string(blob, slice_text("ssh-ed25519"));
    bytes_add_string(blob, slice_of(point, 32));
    return pubkey_decode(&key, bytes_slice(blob), NULL) == 0;
}

static size_t
reader_of(const char *type)
{
    size_t found = 0;
    while (strcmp(READERS[found].type, type) != 0)
        found++;
    return found;
}

/* What is wrong, or NULL. */
static const char *
compare(oracle_t *oracle, const char *type, slice_t document, fault_t *fault)
{
    size_t reader = reader_of(type), size;
    CLEANUP(bytes_destroy) bytes_t *again = bytes_new();
    bool ours = READERS[reader].read(document, again, fault) == 0;
    bool theirs = oracle_read(oracle, type, document.data, document.size);
    const char *written = oracle_write(oracle, &size);
    counts[reader].given++;
    counts[reader].taken += ours && theirs;
    if (ours != theirs)
        return ours ? "only tocsin takes it" : "only the oracle takes it";
    if (ours && !slice_equal(document, bytes_slice(again)))
        return "tocsin writes it otherwise";
    if (ours && !slice_equal(document, slice_of(written, size)))
        return "the oracle writes it otherwise";
    return NULL;
}

static void
show(slice_t document)
{
    fwrite(document.data, 1, document.size, stdout);
}

int
main(int argc, char **argv)
{
    unsigned long long count = 10000000, seed = 1, from = 0, seconds = 0;
    unsigned wrong = 0;
    bool shown = false;
    for (int i = 1; i < argc; i++) {
        unsigned long long *option = strcmp(argv[i], "--count") == 0     ? &count
                                     : strcmp(argv[i], "--seed") == 0    ? &seed
                                     : strcmp(argv[i], "--from") == 0    ? &from
                                     : strcmp(argv[i], "--seconds") == 0 ? &seconds
                                                                         : NULL;
        if (option && i + 1 < argc)
            *option = strtoull(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--show") == 0)
            shown = true;
        else
            return fprintf(stderr, "grammar: '%s' is no option\n", argv[i]), 64;
    }
    CLEANUP(maker_destroy) maker_t *maker = maker_new(seed, is_point);
    CLEANUP(oracle_destroy) oracle_t *oracle = oracle_new(is_point);
    mono_t start = mono_now();
    unsigned long long done = 0;
    for (; done < count && wrong < DISAGREEMENTS_MAX; done++) {
        const oracle_type_t *type;
        size_t size;
        fault_t fault = {0};
        if (seconds && done % 1024 == 0 && mono_now().ms - start.ms > (int64_t)seconds * 1000)
            break;
        const char *made = maker_make(maker, from + done, &type, &size);
        const char *why = compare(oracle, type->type, slice_of(made, size), &fault);
        if (shown)
            show(slice_of(made, size));
        if (!why)
            continue;
        wrong++;
        printf("# %s, --seed %llu --from %llu: %s; tocsin: %s; oracle: %s\n", type->type, seed,
               from + done, why, fault.text, oracle_why(oracle));
    }
    for (size_t i = 0; i < READER_COUNT; i++)
        printf("# %-10s %9llu documents, %8llu good\n", READERS[i].type, counts[i].given,
               counts[i].taken);
    printf("%sok 1 - two readers agree on %llu documents (seed %llu)\n1..1\n", wrong ? "not " : "",
           done, seed);
    return wrong ? 1 : 0;
}
