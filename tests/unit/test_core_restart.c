/* SPDX-License-Identifier: Apache-2.0 */
/* Two officers' word that the record was put back, in the broker's core. */
#include "tests/unit/core_fixture.h"

static int
restart_log(house_t *self, uint64_t size, const char *who)
{
    restart_t restart = {.site = self->site->id,
                         .size = size,
                         .head = hash_of(slice_text("head")),
                         .created = self->site->now};
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    text_copy(restart.broker, sizeof restart.broker, "centre");
    text_copy(restart.reason, sizeof restart.reason, "the disk died");
    restart_encode(&restart, text);
    sealed_t sealed CLEANUP(sealed_done) = site_seal(self->site, SIGN_RESTART, MOVE(text), who);
    return step(self, (event_t){.kind = EVENT_RESTART,
                                .document = bytes_slice(sealed.document),
                                .armors = bytes_slice(sealed.armors),
                                .hash = hash_of(bytes_slice(sealed.document))});
}

static void
a_restart_is_recorded_once_and_told(void **state)
{
    house_t *self = *state;
    assert_int_equal(restart_log(self, 0, "olaf,zoe"), 0);
    assert_true(told(self, "restart"));
    uint64_t size = core_log(self->core)->size;
    assert_int_equal(restart_log(self, 0, "olaf,zoe"), 0);
    assert_int_equal(core_log(self->core)->size, size);
}

static void
one_officer_or_a_longer_log_is_refused(void **state)
{
    house_t *self = *state;
    uint64_t size = core_log(self->core)->size;
    assert_int_equal(restart_log(self, 0, "olaf"), -1);
    assert_int_equal(self->fault.code, FAULT_QUORUM);
    assert_int_equal(restart_log(self, size + 1, "olaf,zoe"), -1);
    assert_int_equal(self->fault.code, FAULT_PROOF);
    assert_int_equal(core_log(self->core)->size, size);
}

#define row(test) cmocka_unit_test_setup_teardown(test, begin, end)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        row(a_restart_is_recorded_once_and_told),
        row(one_officer_or_a_longer_log_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
