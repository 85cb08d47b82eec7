/* SPDX-License-Identifier: Apache-2.0 */
/* trust_fixture - a bench for tests of keys/trust.h: the site of site_fixture.h, a release of it in
 * service, and the order, grant or alert that a test makes of them. Include cmocka first. */
#ifndef TOCSIN_TRUST_FIXTURE_H
#define TOCSIN_TRUST_FIXTURE_H

#include "tests/unit/site_fixture.h"

/* A site, a release in service, and what a test makes of them. */
typedef struct {
    site_t *site;
    sealed_t release;
    hash_t release_hash;
    sealed_t authority, alert;
    bytes_t *place; /* of the worker, where a test puts one */
    fault_t fault;
} bench_t;

static inline int
set_up(void **state)
{
    bench_t *bench = memory_new(1, sizeof *bench);
    bench->site = site_new();
    bench->release = site_seal_release(bench->site, site_release(bench->site), "ana", "rob,rita");
    bench->release_hash = hash_of(bytes_slice(bench->release.document));
    *state = bench;
    return 0;
}

static inline int
tear_down(void **state)
{
    bench_t *bench = *state;
    sealed_done(&bench->release);
    sealed_done(&bench->authority);
    sealed_done(&bench->alert);
    bytes_destroy(&bench->place);
    site_destroy(&bench->site);
    free(bench);
    return 0;
}

#define assert_fault(bench, failed, expected)                                       \
    do {                                                                            \
        assert_true(failed);                                                        \
        assert_string_equal(fault_word((bench)->fault.code), fault_word(expected)); \
        assert_true((bench)->fault.text[0]);                                        \
    } while (0)

#define assert_fine(bench, failed)                    \
    do {                                              \
        bool failed_ = (failed);                      \
        if (failed_)                                  \
            print_error("%s\n", (bench)->fault.text); \
        assert_false(failed_);                        \
    } while (0)

/* Takes over sealed. */
static inline int
add(bench_t *bench, sealed_t sealed)
{
    int failed = site_add(bench->site, &sealed, &bench->fault);
    sealed_done(&sealed);
    return failed;
}

/* pat has a second key, "pat-laptop". */
static inline void
add_laptop(bench_t *bench)
{
    people_t *people = site_people(bench->site);
    people->version = 2;
    memmove(&people->keys[4], &people->keys[3], (people->key_count++ - 3) * sizeof people->keys[0]);
    people->keys[4].key = *machinekey_public(site_key(bench->site, "pat-laptop"));
    CLEANUP(bytes_destroy) bytes_t *document = bytes_new();
    people_encode(people, document);
    CLEANUP(people_destroy) people_t *decoded = people_decode(bytes_slice(document), NULL);
    if (!decoded) { /* the other order of the two lines is the canonical one */
        pubkey_t key = people->keys[3].key;
        people->keys[3].key = people->keys[4].key;
        people->keys[4].key = key;
    }
    assert_fine(bench, add(bench, site_seal_people(bench->site, people, "hana,hugo")));
}

static inline void
replace_release(bench_t *bench, release_t *release, const char *authors, const char *reviewers)
{
    sealed_done(&bench->release);
    bench->release = site_seal_release(bench->site, release, authors, reviewers);
    bench->release_hash = hash_of(bytes_slice(bench->release.document));
}

static inline int
check_release(bench_t *bench)
{
    CLEANUP(release_destroy)
    release_t *release =
        trust_check_release(bench->site->trust, bytes_slice(bench->release.document),
                            bytes_slice(bench->release.armors), &bench->fault);
    return release ? 0 : -1;
}

static inline warrant_t *
check(bench_t *bench, bool by_grant, const char *worker, wall_t now)
{
    proof_t proof = {.by_grant = by_grant,
                     .authority = bytes_slice(bench->authority.document),
                     .authority_armors = bytes_slice(bench->authority.armors),
                     .release = bytes_slice(bench->release.document),
                     .release_armors = bytes_slice(bench->release.armors)};
    if (bench->place)
        proof.place = bytes_slice(bench->place);
    if (by_grant) {
        proof.alert = bytes_slice(bench->alert.document);
        proof.alert_armors = bytes_slice(bench->alert.armors);
    }
    return trust_check(bench->site->trust, &proof, worker, now, &bench->fault);
}

static inline int
check_order_at(bench_t *bench, order_t *order, const char *names, const char *worker, wall_t now)
{
    sealed_done(&bench->authority);
    bench->authority = site_seal_order(bench->site, order, names);
    CLEANUP(warrant_destroy) warrant_t *warrant = check(bench, false, worker, now);
    return warrant ? 0 : -1;
}

static inline int
check_order(bench_t *bench, order_t *order, const char *names)
{
    return check_order_at(bench, order, names, "w1", bench->site->now);
}

static inline order_t *
order_of(bench_t *bench)
{
    return site_order(bench->site, &bench->release_hash);
}

static inline int
check_grant_as(bench_t *bench, grant_t *grant, alert_t *alert, const char *names,
               const char *worker)
{
    sealed_done(&bench->authority);
    sealed_done(&bench->alert);
    bench->authority = site_seal_grant(bench->site, grant, names);
    bench->alert = site_seal_alert(bench->site, alert);
    CLEANUP(warrant_destroy) warrant_t *warrant = check(bench, true, worker, bench->site->now);
    return warrant ? 0 : -1;
}

static inline int
check_grant(bench_t *bench, grant_t *grant, alert_t *alert)
{
    return check_grant_as(bench, grant, alert, "pat,pia", "w1");
}

static inline grant_t *
grant_of(bench_t *bench)
{
    return site_grant(bench->site, &bench->release_hash);
}

#endif
