/* SPDX-License-Identifier: Apache-2.0 */
/* As tests/unit/test_op_faults.c, of ops that ask systemd, with one of the test's own. */
#include "tests/unit/faults/sweep.h"
#include "tests/unit/faults/units.h"
#include "tests/unit/systemd_fixture.h"

static const family_t families[] = {{"units", units_cases, ARRAY_SIZE(units_cases)}};

static void
lay_out_besides(const case_t *self)
{
    (void)self;
}

static void
an_op_tells_the_truth_whichever_of_its_system_calls_fails(void **state)
{
    (void)state;
    try_families(families, ARRAY_SIZE(families));
}

static int
begin(void **state)
{
    bench_begin("class highest destructive\n");
    must(setenv("SYSTEMD_IGNORE_CHROOT", "1", 1));
    if (systemd_await(state))
        return -1;
    return 0;
}

static int
end(void **state)
{
    (void)state;
    bench_end();
    return 0;
}

static int
run_all(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_op_tells_the_truth_whichever_of_its_system_calls_fails),
    };
    return cmocka_run_group_tests(tests, begin, end);
}

int
main(int argc, char **argv)
{
    fault_options(argc, argv);
    return systemd_run(run_all);
}
