/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "broker/sink.h"
#include "common/file.h"

typedef struct {
    char folder[64];
    sinks_t sinks;
    fault_t fault;
} house_t;

static void
write_file(house_t *self, const char *name, const char *text, mode_t mode)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", self->folder, name);
    assert_int_equal(file_write(path, slice_text(text), mode, &self->fault), 0);
    assert_int_equal(chmod(path, mode), 0);
}

static int
begin(void **state)
{
    house_t *self = memory_new(1, sizeof *self);
    snprintf(self->folder, sizeof self->folder, "/tmp/test-sink-XXXXXX");
    assert_non_null(mkdtemp(self->folder));
    assert_int_equal(chdir(self->folder), 0);
    write_file(self, "url", "https://chat.example/hooks/abc\n", 0600);
    write_file(self, "secret", "0123456789abcdef", 0600);
    *state = self;
    return 0;
}

static int
end(void **state)
{
    static const char *const names[] = {"url", "secret", "conf", "other"};
    house_t *self = *state;
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        unlink(names[i]);
    assert_int_equal(chdir("/"), 0);
    assert_int_equal(rmdir(self->folder), 0);
    free(self);
    return 0;
}

/* Every line of a configuration, or the first fault. */
static int
read_lines(house_t *self, const char *lines)
{
    write_file(self, "conf", lines, 0600);
    self->sinks = (sinks_t){0};
    self->fault = (fault_t){0};
    CLEANUP(config_destroy) config_t *config = config_load("conf", &self->fault);
    assert_non_null(config);
    for (size_t i = 0; i < config_count(config); i++)
        if (sinks_read(&self->sinks, config, config_at(config, i), &self->fault))
            return -1;
    return 0;
}

static void
reads(house_t *self, const char *lines)
{
    if (read_lines(self, lines))
        fail_msg("%s", self->fault.text);
}

static void
refuses(house_t *self, const char *lines, const char *why)
{
    if (!read_lines(self, lines) || !strstr(self->fault.text, why) ||
        !strstr(self->fault.text, "conf:"))
        fail_msg("%s: %s", lines, self->fault.text);
}

static void
a_sink_without_on_hears_of_everything(void **state)
{
    reads(*state, "sink ops slack url-file url\n");
    const sink_t *sink = sinks_find(&((house_t *)*state)->sinks, "ops");
    assert_non_null(sink);
    assert_int_equal(sink->kind, SINK_SLACK);
    assert_string_equal(sink->address, "https://chat.example/hooks/abc");
    assert_string_equal(sink->secret, "");
    for (unsigned kind = 0; kind < NOTICE_KIND_COUNT; kind++)
        assert_true(sink_hears(sink, kind));
}

static void
a_sink_hears_of_what_its_line_lists(void **state)
{
    house_t *self = *state;
    reads(self, "sink a generic url-file url secret-file secret on run.failed,gap\n"
                "sink b mail to duty@ops.example from x@ops.example on none\n");
    const sink_t *a = sinks_find(&self->sinks, "a"), *b = sinks_find(&self->sinks, "b");
    assert_string_equal(a->secret, "0123456789abcdef");
    assert_true(sink_hears(a, NOTICE_RUN_FAILED) && sink_hears(a, NOTICE_GAP));
    assert_false(sink_hears(a, NOTICE_RUN_UNKNOWN) || sink_hears(a, NOTICE_INCIDENT_WAITING));
    assert_int_equal(b->events, 0);
    assert_string_equal(b->address, "duty@ops.example");
    assert_string_equal(b->from, "x@ops.example");
}

static void
what_is_wrong_with_a_line_is_said(void **state)
{
    house_t *self = *state;
    refuses(self, "sink ops\n", "expected: sink NAME KIND");
    refuses(self, "sink a slack url-file url\nsink a slack url-file url\n", "each name once");
    refuses(self, "sink a irc url-file url\n", "no kind of sink");
    refuses(self, "sink a slack\n", "needs 'url-file'");
    refuses(self, "sink a slack url-file\n", "no option");
    refuses(self, "sink a slack url-file url url-file url\n", "stands here twice");
    refuses(self, "sink a slack url-file url to x@y\n", "'to' is no option");
    refuses(self, "sink a mail to x@y secret-file secret\n", "'secret-file' is no option");
    refuses(self, "sink a slack url-file url on run.done\n", "'run.done' is no event");
    refuses(self, "sink a slack url-file url on gap,\n", "'' is no event");
    refuses(self, "sink a slack url-file url on notify\n", "'notify' is no event");
    refuses(self, "sink a slack url-file nowhere\n", "'nowhere' cannot be read");
}

static void
an_address_can_be_neither_a_header_nor_a_flag(void **state)
{
    static const char *const wrong[] = {"duty", "-oX@y", "a@b@c", "a@b,c",      "@b",
                                        "a@",   "<a@b>", "a@b;c", "a@b\xc3\xa9"};
    char line[128];
    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
        snprintf(line, sizeof line, "sink a mail to %s\n", wrong[i]);
        refuses(*state, line, "is not one plain");
    }
    refuses(*state, "sink a mail to \"a@b c\"\n", "is not one plain");
}

static void
a_url_is_a_secret_of_http_or_https(void **state)
{
    house_t *self = *state;
    write_file(self, "other", "https://chat.example/x\n", 0640);
    refuses(self, "sink a slack url-file other\n", "chmod 600");
    write_file(self, "other", "file:///etc/passwd\n", 0600);
    refuses(self, "sink a slack url-file other\n", "no URL");
    write_file(self, "other", "https://a/\r\nX: y\n", 0600);
    refuses(self, "sink a slack url-file other\n", "one word");
    write_file(self, "other", "short\n", 0600);
    refuses(self, "sink a slack url-file url secret-file other\n", "16 to 512");
}

static void
there_is_a_most_of_sinks(void **state)
{
    CLEANUP(bytes_destroy) bytes_t *lines = bytes_new();
    for (int i = 0; i < SINKS_MAX; i++)
        bytes_addf(lines, "sink s%d slack url-file url\n", i);
    reads(*state, bytes_text(lines));
    bytes_add_text(lines, "sink more slack url-file url\n");
    refuses(*state, bytes_text(lines), "over 32 sinks");
}

#define WITH_FILES(test) cmocka_unit_test_setup_teardown(test, begin, end)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FILES(a_sink_without_on_hears_of_everything),
        WITH_FILES(a_sink_hears_of_what_its_line_lists),
        WITH_FILES(what_is_wrong_with_a_line_is_said),
        WITH_FILES(an_address_can_be_neither_a_header_nor_a_flag),
        WITH_FILES(a_url_is_a_secret_of_http_or_https),
        WITH_FILES(there_is_a_most_of_sinks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
