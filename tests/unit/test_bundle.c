/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/site_fixture.h"
#include "wire/bundle.h"

#define LUA "return playbook { name = \"disk-full\" }\n"
#define MANIFEST_OF(playbook, class, op)                                                           \
    "tocsin-manifest v1\nplaybook " playbook                                                       \
    "\nsummary Frees space\nclass " class "\nrollout 1 2 30 0\nlimits 0 0\ncooldown 0\nstep free " \
                                          "run 60 -\nuse free " op " " class "\nend\n"
#define MANIFEST MANIFEST_OF("disk-full", "change", "file.remove")

typedef struct {
    site_t *site;
    release_t *release;
    value_t *files;
} bench_t;

/* A release of class change with this manifest, and its files. */
static bench_t
bench_new(const char *manifest)
{
    bench_t self = {.site = site_new(), .files = value_map()};
    self.release = site_release_of(self.site, "disk-full", slice_text(manifest), slice_text(LUA));
    self.release->highest = CLASS_CHANGE;
    value_set_text(self.files, "manifest", manifest);
    value_set_text(self.files, "playbook.lua", LUA);
    return self;
}

static void
bench_done(bench_t *self)
{
    release_destroy(&self->release);
    value_destroy(&self->files);
    site_destroy(&self->site);
}

static void
refuses(bench_t *bench, fault_code_t code)
{
    fault_t fault = {0};
    manifest_t *manifest = bundle_check(bench->release, bench->files, &fault);
    if (manifest)
        fail_msg("taken");
    if (fault.code != code)
        fail_msg("%s: %s", fault_word(fault.code), fault.text);
    bench_done(bench);
}

static void
takes_exactly_what_was_signed(void **state)
{
    fault_t fault = {0};
    (void)state;
    bench_t bench = bench_new(MANIFEST);
    CLEANUP(manifest_destroy)
    manifest_t *manifest = bundle_check(bench.release, bench.files, &fault);
    if (!manifest)
        fail_msg("%s", fault.text);
    assert_string_equal(manifest->playbook, "disk-full");
    bench_done(&bench);
}

static void
refuses_a_file_that_is_missing_added_or_changed(void **state)
{
    (void)state;
    bench_t changed = bench_new(MANIFEST);
    value_set_text(changed.files, "playbook.lua", "Return playbook { name = \"disk-full\" }\n");
    refuses(&changed, FAULT_HASH);
    bench_t added = bench_new(MANIFEST);
    value_set_text(added.files, "more.lua", "return 1\n");
    refuses(&added, FAULT_HASH);
    bench_t renamed = bench_new(MANIFEST);
    value_destroy(&renamed.files);
    renamed.files = value_map();
    value_set_text(renamed.files, "manifest", MANIFEST);
    value_set_text(renamed.files, "other.lua", LUA);
    refuses(&renamed, FAULT_HASH);
    bench_t none = bench_new(MANIFEST);
    value_destroy(&none.files);
    refuses(&none, FAULT_HASH);
}

static void
refuses_a_manifest_that_the_release_does_not_name(void **state)
{
    (void)state;
    bench_t bench = bench_new(MANIFEST);
    bench.release->manifest.bytes[0] ^= 1;
    refuses(&bench, FAULT_HASH);
}

static void
refuses_the_manifest_of_another_playbook(void **state)
{
    (void)state;
    bench_t bench = bench_new(MANIFEST_OF("disk-fuller", "change", "file.remove"));
    refuses(&bench, FAULT_HASH);
}

static void
refuses_a_class_above_or_below_the_releases(void **state)
{
    (void)state;
    bench_t above = bench_new(MANIFEST);
    above.release->highest = CLASS_OBSERVE;
    refuses(&above, FAULT_CLASS);
    bench_t below = bench_new(MANIFEST_OF("disk-full", "observe", "disk.usage"));
    refuses(&below, FAULT_CLASS);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_exactly_what_was_signed),
        cmocka_unit_test(refuses_a_file_that_is_missing_added_or_changed),
        cmocka_unit_test(refuses_a_manifest_that_the_release_does_not_name),
        cmocka_unit_test(refuses_the_manifest_of_another_playbook),
        cmocka_unit_test(refuses_a_class_above_or_below_the_releases),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
