/* SPDX-License-Identifier: Apache-2.0 */
/* documents_fixture - what tests of documents share: a site, documents that say all that they can,
 * and what becomes of one with a word changed. */
#ifndef TOCSIN_DOCUMENTS_FIXTURE_H
#define TOCSIN_DOCUMENTS_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/document.h"
#include "tests/unit/site_fixture.h"

#define USED __attribute__((unused))

static site_t *site;

/* Decodes, encodes again, compares; the fault's code. */
#define JUDGE(noun)                                                               \
    USED static fault_code_t judge_##noun(slice_t document)                       \
    {                                                                             \
        fault_t fault = {0};                                                      \
        CLEANUP(bytes_destroy) bytes_t *again = bytes_new();                      \
        CLEANUP(noun##_destroy) noun##_t *self = noun##_decode(document, &fault); \
        assert_true(!self == (fault.code != FAULT_NONE));                         \
        if (!self)                                                                \
            return fault.code;                                                    \
        noun##_encode(self, again);                                               \
        assert_true(slice_equal(document, bytes_slice(again)));                   \
        return FAULT_NONE;                                                        \
    }                                                                             \
    static inline bytes_t *text_of_##noun(noun##_t *self)                         \
    {                                                                             \
        bytes_t *text = bytes_new();                                              \
        noun##_encode(self, text);                                                \
        noun##_destroy(&self);                                                    \
        return text;                                                              \
    }
JUDGE(root)
JUDGE(people)
JUDGE(fleet)
JUDGE(release)
JUDGE(order)
JUDGE(grant)
JUDGE(alert)
JUDGE(receipt)
JUDGE(consent)
JUDGE(stop)
JUDGE(resume)

USED static order_t *
full_order(void)
{
    hash_t release = hash_of(slice_text("release"));
    order_t *order = site_order(site, &release);
    order->incident = 42;
    order->soak_s = 30;
    order->max_failures = 1;
    order->input_count = 2;
    order->inputs[0] = (input_text_t){"goal", "80"};
    order->inputs[1] = (input_text_t){"mount", "/va r/%\n\xc3\xa9"};
    site_add_target(order, 2, "s1");
    site_add_target(order, 2, "w2/router");
    return order;
}

/* Two waves that are listed, two that are not. */
USED static order_t *
large_order(void)
{
    order_t *order = full_order();
    order->continues = hash_of(slice_text("before"));
    order->wave_count = 2;
    order->waves[0] = (wave_line_t){3, 65, hash_of(slice_text("third"))};
    order->waves[1] = (wave_line_t){4, ORDER_WAVE_TARGETS_MAX, hash_of(slice_text("fourth"))};
    return order;
}

/* A consent, or an answer, of two targets. */
USED static consent_t *
full_consent(bool answer)
{
    hash_t run = hash_of(slice_text("run")), shown = hash_of(slice_text("shown"));
    consent_t *consent = site_consent(site, &run, &shown);
    consent->answer = answer;
    if (answer)
        text_copy(consent->value, sizeof consent->value, "80 %");
    text_copy(consent->step, sizeof consent->step, "outer/go");
    site_add_shown(consent, "w2/router", &HASH_ZERO);
    return consent;
}

USED static grant_t *
full_grant(void)
{
    hash_t release = hash_of(slice_text("release"));
    grant_t *grant = site_grant(site, &release);
    grant->bound_count = 4;
    grant->bounds[0] = (input_bound_t){"goal", "from", "50"};
    grant->bounds[1] = (input_bound_t){"goal", "to", "95"};
    grant->bounds[2] = (input_bound_t){"mode", "equals", "soft"};
    grant->bounds[3] = (input_bound_t){"mount", "under", "/var"};
    return grant;
}

/* The document with its first 'from' replaced. */
USED static bytes_t *
edit(const bytes_t *document, const char *from, const char *to)
{
    bytes_t *edited = bytes_new();
    const char *text = bytes_text(document), *at = strstr(text, from);
    assert_non_null(at);
    bytes_add(edited, text, (size_t)(at - text));
    bytes_add_text(edited, to);
    bytes_add_text(edited, at + strlen(from));
    return edited;
}

typedef fault_code_t judge_t(slice_t document);

USED static fault_code_t
judge_edit(judge_t *judge, const bytes_t *document, const char *from, const char *to)
{
    CLEANUP(bytes_destroy) bytes_t *edited = edit(document, from, to);
    return judge(bytes_slice(edited));
}

USED static int
open_site(void **state)
{
    (void)state;
    site = site_new();
    return 0;
}

USED static int
close_site(void **state)
{
    (void)state;
    site_destroy(&site);
    return 0;
}

#endif
