/* SPDX-License-Identifier: Apache-2.0 */
/* verify - what it costs a worker to believe an offer, and how many bytes one has.
 *
 * Cold: a chain that is there, an order and a release that nobody has seen. Cached: the same two
 * again. Chain: root, people and two fleets, from nothing. In documents a second; sizes are those
 * of the whole OFFER to the last worker of a wave of so many. */
#include "tests/bench/bench.h"
#include "tests/unit/site_fixture.h"

#include "keys/inclusion.h"
#include "wire/message.h"

#define ROUNDS 400

static proof_t
proof_of(const sealed_t *order, const sealed_t *release, slice_t place)
{
    return (proof_t){.authority = bytes_slice(order->document),
                     .authority_armors = bytes_slice(order->armors),
                     .release = bytes_slice(release->document),
                     .release_armors = bytes_slice(release->armors),
                     .place = place};
}

static void
check(trust_t *trust, const proof_t *proof, const char *worker, wall_t now)
{
    fault_t fault = {0};
    CLEANUP(warrant_destroy) warrant_t *warrant = trust_check(trust, proof, worker, now, &fault);
    if (!warrant)
        bench_die(&fault);
}

static trust_t *
load_chain(const site_t *site)
{
    fault_t fault = {0};
    trust_t *trust = trust_new(&site->id);
    const sealed_t *all[] = {&site->root, &site->people, &site->north, &site->south};
    for (size_t i = 0; i < ARRAY_SIZE(all); i++)
        if (trust_add(trust, bytes_slice(all[i]->document), bytes_slice(all[i]->armors), &fault))
            bench_die(&fault);
    return trust;
}

static void
measure_checks(site_t *site)
{
    sealed_t release = site_seal_release(site, site_release(site), "ana", "rob,rita");
    hash_t hash = hash_of(bytes_slice(release.document));
    sealed_t order = site_seal_order(site, site_order(site, &hash), "pat");
    proof_t proof = proof_of(&order, &release, slice_of(NULL, 0));
    double chain = 0, cold = 0, cached = 0;
    for (int i = 0; i < ROUNDS; i++) {
        double start = bench_us();
        CLEANUP(trust_destroy) trust_t *trust = load_chain(site);
        double loaded = bench_us();
        check(trust, &proof, "w1", site->now);
        double first = bench_us();
        check(trust, &proof, "w1", site->now);
        chain += loaded - start;
        cold += first - loaded;
        cached += bench_us() - first;
    }
    bench_say("verify_chain", 4 * ROUNDS * 1e6 / chain);
    bench_say("verify_cold", 2 * ROUNDS * 1e6 / cold);
    bench_say("verify_cached", 2 * ROUNDS * 1e6 / cached);
    bench_say("verify_cold_us", cold / ROUNDS);
    sealed_done(&release);
    sealed_done(&order);
}

/* With the wave's place where there is one; receipts of an earlier wave are no part of it. */
static size_t
offer_bytes(const sealed_t *order, const hash_t *release, slice_t place)
{
    char text[HASH_TEXT];
    hash_t run = hash_of(bytes_slice(order->document));
    CLEANUP(bytes_destroy) bytes_t *stream = bytes_new();
    CLEANUP(frames_destroy) frames_t *frames = message_new(MESSAGE_OFFER);
    frames_add_text(frames, hash_write(&run, text));
    frames_add_text(frames, "order");
    frames_add(frames, bytes_slice(order->document));
    frames_add(frames, bytes_slice(order->armors));
    frames_add_text(frames, "");
    frames_add_text(frames, "");
    frames_add_text(frames, hash_write(release, text));
    frames_add_text(frames, "le");
    frames_add(frames, place);
    frames_encode(frames, stream);
    return stream->size;
}

static size_t
listed_bytes(site_t *site, const hash_t *release, size_t targets)
{
    order_t *order = site_order(site, release);
    order->target_count = 0;
    for (size_t i = 0; i < targets; i++) {
        char name[TEXT_NAME_MAX + 1];
        snprintf(name, sizeof name, "worker-%05zu", i);
        site_add_target(order, 1, name);
    }
    sealed_t sealed = site_seal_order(site, order, "pat");
    size_t bytes = offer_bytes(&sealed, release, slice_of(NULL, 0));
    sealed_done(&sealed);
    return bytes;
}

/* A wave that is a tree, behind one target that is listed. */
static size_t
tree_bytes(site_t *site, const hash_t *release, size_t targets)
{
    order_t *order = site_order(site, release);
    char(*text)[32] = memory_new(targets, sizeof *text);
    const char **names = memory_new(targets, sizeof *names);
    for (size_t i = 0; i < targets; i++) {
        snprintf(text[i], sizeof text[i], "worker-%05zu", i);
        names[i] = text[i];
    }
    CLEANUP(inclusion_destroy)
    inclusion_t *tree = inclusion_new(order->nonce, 2, names, targets, NULL);
    CLEANUP(bytes_destroy) bytes_t *place = bytes_new();
    inclusion_add_place(tree, targets - 1, names[targets - 1], place);
    order->waves[order->wave_count++] = inclusion_line(tree);
    sealed_t sealed = site_seal_order(site, order, "pat");
    size_t bytes = offer_bytes(&sealed, release, bytes_slice(place));
    sealed_done(&sealed);
    free(names);
    free(text);
    return bytes;
}

int
main(void)
{
    CLEANUP(site_destroy) site_t *site = site_new();
    hash_t release = hash_of(slice_text("release"));
    measure_checks(site);
    bench_say("offer_1", (double)listed_bytes(site, &release, 1));
    bench_say("offer_64", (double)listed_bytes(site, &release, 64));
    bench_say("offer_10000", (double)tree_bytes(site, &release, 10000));
    return 0;
}
