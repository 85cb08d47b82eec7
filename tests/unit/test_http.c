/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "wire/http.h"

static void
has_the_name_of_the_source_that_posts(void **state)
{
    const char *name = NULL, *text = NULL;
    (void)state;
    assert_int_equal(http_route("POST", "/v1/alerts/north", &name, &text), 0);
    assert_string_equal(name, "north");
}

static void
answers_whatever_posts_no_alerts(void **state)
{
    static const struct {
        const char *method, *path;
        unsigned status;
        const char *text;
    } rows[] = {
        {"GET", "/v1/health", 200, "ok"},
        {"POST", "/v1/health", 405, "health is read with GET"},
        {"GET", "/v1/health/", 404, "alerts are posted to /v1/alerts/SOURCE"},
        {"POST", "/v1/alerts", 404, "alerts are posted to /v1/alerts/SOURCE"},
        {"POST", "/v2/alerts/north", 404, "alerts are posted to /v1/alerts/SOURCE"},
        {"POST", "", 404, "alerts are posted to /v1/alerts/SOURCE"},
        {"GET", "/v1/alerts/north", 405, "alerts are posted: use POST"},
        {"post", "/v1/alerts/north", 405, "alerts are posted: use POST"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *name = NULL, *text = NULL;
        assert_int_equal(http_route(rows[i].method, rows[i].path, &name, &text), rows[i].status);
        assert_string_equal(text, rows[i].text);
        assert_null(name);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(has_the_name_of_the_source_that_posts),
        cmocka_unit_test(answers_whatever_posts_no_alerts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
