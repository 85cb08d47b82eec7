/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "cli/edits.h"
#include "common/fault.h"

#define KEY "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKuHLPuGerPClbzuyYAuO9qtPVdOUdCFCibEHZf62AlR"

/* The sentences, one a line, over documents of these lines. */
static void
assert_edits(const char *before, const char *after, const char *expected)
{
    CLEANUP(bytes_destroy) bytes_t *old = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *fresh = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *said = bytes_new();
    bytes_addf(old, "tocsin-root v1\n%send\n", before);
    bytes_addf(fresh, "tocsin-root v1\n%send\n", after);
    CLEANUP(value_destroy)
    value_t *edits = edits_of(*before ? bytes_slice(old) : slice_of(NULL, 0), bytes_slice(fresh));
    for (size_t i = 0; i < value_count(edits); i++)
        bytes_addf(said, "%s\n", value_string(value_at(edits, i)));
    assert_string_equal(bytes_text(said), expected);
}

static void
says_nothing_of_what_every_version_changes(void **state)
{
    (void)state;
    assert_edits("version 1\nissued x\nquorum-root 2\n", "version 2\nissued y\nquorum-root 2\n",
                 "");
}

static void
says_what_is_new_and_what_is_gone(void **state)
{
    (void)state;
    assert_edits("host a w1\nhost b w1\n", "host a w1\nhost c w1\n",
                 "adds host c w1\ntakes away host b w1\n");
    assert_edits("", "source monitor\n", "adds source monitor\n");
}

static void
says_from_what_to_what_a_rule_changes(void **state)
{
    (void)state;
    assert_edits("grant-days-max 30\n", "grant-days-max 9\n",
                 "changes the days of a grant from 30 to 9\n");
}

static void
says_what_changes_of_one_who_stays(void **state)
{
    (void)state;
    assert_edits("worker w1 - c k\nworker w2 - c k\n", "worker w1 role=web c k\nworker w2 - c k\n",
                 "changes worker w1 from '- c k' to 'role=web c k'\n");
}

static void
tells_a_key_by_its_fingerprint(void **state)
{
    (void)state;
    assert_edits("", "holder ana " KEY "\n",
                 "adds root holder ana SHA256:pNYQdRXq2U8mzzVXpT9+kdG4bHhG1TujS5qCRz/9uqc\n");
    assert_edits("", "holder ana ssh-ed25519 nonsense\n",
                 "adds root holder ana ssh-ed25519 nonsense\n");
}

static void
pairs_two_lines_of_one_name_with_themselves(void **state)
{
    (void)state;
    assert_edits("key ana a 1\nkey ana b 2\n", "key ana a 1\nkey ana c 3\n",
                 "changes the key of ana from 'b 2' to 'c 3'\n");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_nothing_of_what_every_version_changes),
        cmocka_unit_test(says_what_is_new_and_what_is_gone),
        cmocka_unit_test(says_from_what_to_what_a_rule_changes),
        cmocka_unit_test(says_what_changes_of_one_who_stays),
        cmocka_unit_test(tells_a_key_by_its_fingerprint),
        cmocka_unit_test(pairs_two_lines_of_one_name_with_themselves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
