/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/channel.h"
#include "common/config.h"
#include "common/document.h"
#include "common/file.h"
#include "common/text.h"

/* ---- documents --------------------------------------------------------------------------- */

static int
read_sample(const char *text, fault_t *fault)
{
    document_reader_t in;
    document_open(&in, slice_text(text), "sample", fault);
    document_name(&in, "name");
    document_number(&in, "count", 0, 100);
    document_free(&in, "reason");
    while (document_has(&in, "row"))
        document_row(&in, "row", 2);
    return document_close(&in, fault);
}

#define SAMPLE(name, count, reason, rows) \
    "tocsin-sample v1\nname " name "\ncount " count "\nreason " reason "\n" rows "end\n"

static void
reads_a_document_in_its_order(void **state)
{
    fault_t fault = {0};
    (void)state;
    assert_int_equal(read_sample(SAMPLE("a-1", "7", "đĩa đầy", "row 2 b\nrow 10 a\n"), &fault), 0);
}

static void
refuses_every_broken_neighbour_of_a_document(void **state)
{
    (void)state;
    static const char *const broken[] = {
        SAMPLE("a", "07", "x", ""),       /* leading zero */
        SAMPLE("a", "101", "x", ""),      /* above its bound */
        SAMPLE("A", "7", "x", ""),        /* no name */
        SAMPLE("a", "7", "\xc3\x28", ""), /* not UTF-8 */
        SAMPLE("a", "7",
               "x\xe2\x80\xae"
               "y",
               ""),                                   /* bidirectional override */
        SAMPLE("a", "7", "x\ty", ""),                 /* control character */
        SAMPLE("a", "7", "x", "row 2 b\nrow 2 b\n"),  /* repeated */
        SAMPLE("a", "7", "x", "row 10 a\nrow 2 b\n"), /* descending numbers */
        SAMPLE("a", "7", "x", "row 1\n"),             /* a field short */
        SAMPLE("a", "7", "x", "row 1  b\n"),          /* two spaces */
        SAMPLE("a", "7", "x", "row 1 b \n"),          /* a space behind */
        SAMPLE("a", "7", "x", "other 1\n"),           /* unknown key */
        "tocsin-sample v2\nname a\ncount 7\nreason x\nend\n",
        "tocsin-sample v1\nname a\ncount 7\nreason x\n",
        "tocsin-sample v1\nname a\ncount 7\nreason x\nend",
        "tocsin-sample v1\r\nname a\r\ncount 7\r\nreason x\r\nend\r\n",
        "tocsin-sample v1\ncount 7\nname a\nreason x\nend\n",
        "tocsin-sample v1\nname a\nname a\ncount 7\nreason x\nend\n",
        "",
    };
    for (size_t i = 0; i < ARRAY_SIZE(broken); i++) {
        fault_t fault = {0};
        if (!read_sample(broken[i], &fault))
            fail_msg("taken: %s", broken[i]);
        assert_int_equal(fault.code, FAULT_FORMAT);
    }
}

static void
refuses_a_line_that_is_too_long(void **state)
{
    fault_t fault = {0};
    (void)state;
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    bytes_add_text(text, "tocsin-sample v1\nname a\ncount 7\nreason ");
    for (int i = 0; i < DOCUMENT_LINE_MAX; i++)
        bytes_add_u8(text, 'x');
    bytes_add_text(text, "\nend\n");
    assert_int_equal(read_sample(bytes_text(text), &fault), -1);
    assert_int_equal(fault.code, FAULT_LIMIT);
}

/* ---- text and time ----------------------------------------------------------------------- */

static void
escapes_have_one_spelling(void **state)
{
    (void)state;
    static const char *const good[] = {"plain", "a%20b", "%", "%25", "%00%FF"};
    static const char *const bad[] = {"a b", "%2", "%2g", "%ff", "%41", "", "a%"};
    for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
        CLEANUP(bytes_destroy) bytes_t *out = bytes_new();
        CLEANUP(bytes_destroy) bytes_t *again = bytes_new();
        assert_int_equal(text_unescape(good[i], out, NULL), 0);
        text_escape(again, bytes_slice(out));
        assert_string_equal(bytes_text(again), good[i]);
    }
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        CLEANUP(bytes_destroy) bytes_t *out = bytes_new();
        if (!text_unescape(bad[i], out, NULL))
            fail_msg("taken: '%s'", bad[i]);
    }
}

static void
times_have_one_spelling(void **state)
{
    wall_t at;
    char text[MOMENT_TEXT_MAX];
    (void)state;
    assert_true(wall_read_time("2026-11-22T03:04:05Z", &at));
    wall_write_time(at, text);
    assert_string_equal(text, "2026-11-22T03:04:05Z");
    assert_true(wall_read_instant("2024-02-29T23:59:59.007Z", &at));
    wall_write_instant(at, text);
    assert_string_equal(text, "2024-02-29T23:59:59.007Z");
    assert_false(wall_read_time("2026-02-29T00:00:00Z", &at));
    assert_false(wall_read_time("2026-11-22T03:04:60Z", &at));
    assert_false(wall_read_time("2026-11-22 03:04:05Z", &at));
    assert_false(wall_read_time("2026-11-22T03:04:05+00:00", &at));
    assert_true(wall_read_rfc3339("2026-11-22T10:04:05.1234567+07:00", &at));
    wall_write_instant(at, text);
    assert_string_equal(text, "2026-11-22T03:04:05.123Z");
    assert_false(wall_read_rfc3339("2026-11-22T10:04:05", &at));
}

static void
numbers_refuse_junk_and_overflow(void **state)
{
    uint64_t number;
    int64_t whole;
    (void)state;
    assert_true(text_read_u64("18446744073709551615", 0, UINT64_MAX, &number));
    assert_false(text_read_u64("18446744073709551616", 0, UINT64_MAX, &number));
    assert_false(text_read_u64("1x", 0, UINT64_MAX, &number));
    assert_false(text_read_u64("-1", 0, UINT64_MAX, &number));
    assert_true(text_read_i64("-9223372036854775808", &whole));
    assert_int_equal(whole, INT64_MIN);
    assert_false(text_read_i64("-0", &whole));
    assert_true(text_read_duration("2h", &number));
    assert_int_equal(number, 7200);
    assert_false(text_read_duration("2w", &number));
}

static void
unicode_of_a_kind_that_deceives_is_no_free_text(void **state)
{
    (void)state;
    static const char *const bad[] = {"\xc0\x80",     "\xed\xa0\x80", "\xf4\x90\x80\x80",
                                      "\xe2\x80\x8b", "\xe2\x81\xa6", "\xef\xbb\xbf",
                                      "\xef\xbf\xbf", "\x7f",         "\xf3\xa0\x80\x81",
                                      "\xc2\x85"};
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        assert_false(text_is_free(slice_text(bad[i])));
    assert_true(text_is_free(slice_text("Ổ đĩa đầy 日本 🚒")));
}

/* ---- frames and channels ----------------------------------------------------------------- */

static void
frames_wait_for_a_whole_message(void **state)
{
    fault_t fault = {0};
    (void)state;
    CLEANUP(frames_destroy) frames_t *frames = frames_new();
    CLEANUP(bytes_destroy) bytes_t *stream = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *partial = bytes_new();
    frames_add_text(frames, "WORD");
    frames_add(frames, slice_of("\0\1", 2));
    frames_encode(frames, stream);
    for (size_t i = 0; i + 1 < stream->size; i++) {
        bytes_add(partial, stream->data + i, 1);
        assert_null(frames_take(partial, &fault));
        assert_int_equal(fault.code, FAULT_NONE);
    }
    CLEANUP(frames_destroy) frames_t *taken = frames_take(stream, &fault);
    assert_non_null(taken);
    assert_int_equal(taken->count, 2);
    assert_string_equal(frames_text(taken, 0), "WORD");
    assert_string_equal(frames_text(taken, 1), "");
    assert_int_equal(stream->size, 0);
}

static void
frames_refuse_lengths_that_lie(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t size;
        fault_code_t code;
    } cases[] = {
        {"\0\0\0\4\0\0\0\1", 8, FAULT_FORMAT},           /* a frame is missing */
        {"\0\0\0\10\0\0\0\1\0\0\0\1", 12, FAULT_FORMAT}, /* its byte is missing */
        {"\0\0\0\5\0\0\0\0x", 9, FAULT_FORMAT},          /* a byte too many */
        {"\0\0\0\4\0\0\0\21", 8, FAULT_LIMIT},           /* 17 frames */
        {"\xff\xff\xff\xff\0\0\0\0", 8, FAULT_LIMIT},    /* 4 GiB */
        {"\0\0\0\3\0\0\0", 7, FAULT_FORMAT},             /* no count */
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        fault_t fault = {0};
        CLEANUP(bytes_destroy)
        bytes_t *stream = bytes_copy(slice_of(cases[i].bytes, cases[i].size));
        assert_null(frames_take(stream, &fault));
        assert_int_equal(fault.code, cases[i].code);
    }
}

static void
what_a_channel_adds_leaves_with_the_next_message_or_a_flush_in_order(void **state)
{
    fault_t fault = {0};
    int ends[2];
    static const char *const words[] = {"one", "two", "three"};
    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    CLEANUP(channel_destroy) channel_t *left = channel_new(ends[0]);
    CLEANUP(channel_destroy) channel_t *right = channel_new(ends[1]);
    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        CLEANUP(frames_destroy) frames_t *frames = frames_new();
        frames_add_text(frames, words[i]);
        assert_int_equal((i == 1 ? channel_send : channel_add)(left, frames, &fault), 0);
        assert_int_equal(channel_fill(right, &fault), 0);
    }
    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        CLEANUP(frames_destroy) frames_t *got = channel_next(right, &fault);
        assert_int_equal(got != NULL, i < 2);
        if (!got)
            assert_int_equal(channel_flush(left, &fault) || channel_fill(right, &fault), 0);
        CLEANUP(frames_destroy) frames_t *late = got ? NULL : channel_next(right, &fault);
        assert_string_equal(frames_text(got ? got : late, 0), words[i]);
    }
}

static void
a_channel_passes_messages_and_a_descriptor(void **state)
{
    int ends[2], pipe_ends[2];
    fault_t fault = {0};
    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    assert_int_equal(pipe(pipe_ends), 0);
    CLEANUP(channel_destroy) channel_t *left = channel_new(ends[0]);
    CLEANUP(channel_destroy) channel_t *right = channel_new(ends[1]);
    CLEANUP(frames_destroy) frames_t *frames = frames_new();
    frames_add_text(frames, "RUNNER");
    assert_int_equal(channel_send(left, frames, &fault), 0);
    assert_int_equal(channel_send_with(left, frames, pipe_ends[1], &fault), 0);
    close(pipe_ends[1]);
    for (int i = 0; i < 2; i++) {
        CLEANUP(frames_destroy) frames_t *got = channel_receive(right, 1000, &fault);
        assert_non_null(got);
        assert_string_equal(frames_text(got, 0), "RUNNER");
    }
    int passed = channel_take_descriptor(right);
    assert_true(passed >= 0);
    assert_int_equal(channel_take_descriptor(right), -1);
    assert_int_equal(write(passed, "x", 1), 1);
    char byte;
    assert_int_equal(read(pipe_ends[0], &byte, 1), 1);
    close(passed);
    close(pipe_ends[0]);
    channel_destroy(&left);
    assert_null(channel_receive(right, 1000, &fault));
    assert_int_equal(fault.code, FAULT_UNREACHABLE);
}

/* Says all that it has to say before it listens. */
_Noreturn static void
talk_first(int end, const frames_t *frames, int count)
{
    fault_t fault = {0};
    bool failed = false;
    CLEANUP(channel_destroy) channel_t *self = channel_new(end);
    for (int i = 0; i < count && !failed; i++)
        failed = channel_send(self, frames, &fault);
    for (int i = 0; i < count && !failed; i++) {
        CLEANUP(frames_destroy) frames_t *got = channel_receive(self, 60000, &fault);
        failed = !got;
    }
    _exit(failed);
}

static void
two_that_both_have_much_to_say_do_not_wait_for_each_other(void **state)
{
    enum { COUNT = 24 };
    int ends[2], status, heard = 0;
    fault_t fault = {0};
    CLEANUP(memory_free) uint8_t *many = memory_new(1, FRAMES_BYTES_MAX / 2);
    CLEANUP(frames_destroy) frames_t *frames = frames_new();
    (void)state;
    frames_add(frames, slice_of(many, FRAMES_BYTES_MAX / 2));
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    pid_t other = fork();
    if (!other)
        talk_first(ends[1], frames, COUNT);
    close(ends[1]);
    CLEANUP(channel_destroy) channel_t *self = channel_new(ends[0]);
    for (int i = 0; i < COUNT; i++)
        assert_int_equal(channel_talk(self, frames, &fault), 0);
    for (; heard < COUNT; heard++) {
        CLEANUP(frames_destroy) frames_t *got = channel_receive(self, 60000, &fault);
        assert_non_null(got);
    }
    assert_int_equal(waitpid(other, &status, 0), other);
    assert_int_equal(status, 0);
}

/* ---- files ------------------------------------------------------------------------------- */

static void
a_file_is_replaced_whole_or_not_at_all(void **state)
{
    char folder[] = "/tmp/tocsin-test-XXXXXX", path[64], beyond[64];
    fault_t fault = {0};
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/file", folder);
    snprintf(beyond, sizeof beyond, "%s/absent/file", folder);
    assert_int_equal(file_write(path, slice_text("one"), 0600, &fault), 0);
    assert_int_equal(file_write(path, slice_text("two"), 0600, &fault), 0);
    CLEANUP(bytes_destroy) bytes_t *text = file_read(path, 10, &fault);
    assert_string_equal(bytes_text(text), "two");
    assert_null(file_read(path, 2, &fault));
    assert_int_equal(fault.code, FAULT_LIMIT);
    assert_null(file_read(beyond, 2, &fault));
    assert_int_equal(fault.code, FAULT_NOT_FOUND);
    assert_int_equal(file_write(beyond, slice_text("x"), 0600, &fault), -1);
    unlink(path);
    rmdir(folder);
}

static void
a_file_is_ours_where_nobody_else_can_write_it_or_put_another_in_its_place(void **state)
{
    static const struct {
        mode_t folder, file;
        bool ours;
    } cases[] = {
        {0755, 0644, true},  {0755, 0600, true},  {01777, 0644, true}, {0755, 0664, false},
        {0755, 0646, false}, {0775, 0644, false}, {0777, 0600, false},
    };
    char folder[] = "/tmp/tocsin-test-XXXXXX", path[64], link[64];
    fault_t fault = {0};
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/file", folder);
    snprintf(link, sizeof link, "%s.link", folder);
    assert_int_equal(file_write(path, slice_text("x"), 0600, &fault), 0);
    assert_int_equal(symlink(path, link), 0);
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        assert_int_equal(chmod(folder, cases[i].folder) || chmod(path, cases[i].file), 0);
        assert_int_equal(file_check_ours(path, &fault), cases[i].ours ? 0 : -1);
        assert_int_equal(file_check_ours(link, &fault), cases[i].ours ? 0 : -1);
        assert_true(cases[i].ours || fault.code == FAULT_CONFIG);
    }
    assert_int_equal(chmod(folder, 0755) || chmod(path, 0644), 0);
    if (geteuid() == 0) {
        assert_int_equal(chown(path, 65534, 65534), 0);
        assert_int_equal(file_check_ours(path, &fault), -1);
        assert_non_null(strstr(fault.text, "can be written by others"));
    }
    unlink(link);
    unlink(path);
    assert_int_equal(file_check_ours(path, &fault), -1);
    assert_int_equal(fault.code, FAULT_IO);
    rmdir(folder);
}

static void
a_configuration_has_words_quotes_and_comments(void **state)
{
    char path[] = "/tmp/tocsin-test-XXXXXX";
    static const char text[] = "# it's a \" comment\nkey one \"two words\"\n\n  other\tx # y\n"
                               "key a#b \"#c\" #d \"\n";
    fault_t fault = {0};
    (void)state;
    int fd = mkstemp(path);
    assert_int_equal(write(fd, text, sizeof text - 1), sizeof text - 1);
    close(fd);
    CLEANUP(config_destroy) config_t *config = config_load(path, &fault);
    assert_non_null(config);
    assert_int_equal(config_count(config), 3);
    assert_int_equal(config_at(config, 0)->line, 2);
    assert_int_equal(config_at(config, 0)->count, 3);
    assert_string_equal(config_at(config, 0)->words[2], "two words");
    assert_int_equal(config_at(config, 1)->line, 4);
    assert_int_equal(config_at(config, 1)->count, 2);
    assert_int_equal(config_at(config, 2)->count, 3);
    assert_string_equal(config_at(config, 2)->words[1], "a#b");
    assert_string_equal(config_at(config, 2)->words[2], "#c");
    assert_null(config_at(config, 3));
    unlink(path);
}

static void
no_code_point_is_cut_in_two(void **state)
{
    (void)state;
    const char *text = "a\u00fc\u1eef\U0001f692"; /* 1, 2, 3 and 4 bytes */
    static const int fits[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 10};
    for (size_t most = 0; most < ARRAY_SIZE(fits); most++)
        assert_int_equal(text_fit(text, most), fits[most]);
    fault_t fault;
    char longer[FAULT_TEXT_MAX + 2] = "x";
    for (size_t i = 1; i + 3 < sizeof longer; i += 3)
        memcpy(longer + i, "\u1eef", 3);
    fault_set(&fault, FAULT_IO, "yy%s", longer);
    assert_true(text_is_free(slice_text(fault.text)));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_a_document_in_its_order),
        cmocka_unit_test(refuses_every_broken_neighbour_of_a_document),
        cmocka_unit_test(refuses_a_line_that_is_too_long),
        cmocka_unit_test(escapes_have_one_spelling),
        cmocka_unit_test(times_have_one_spelling),
        cmocka_unit_test(numbers_refuse_junk_and_overflow),
        cmocka_unit_test(no_code_point_is_cut_in_two),
        cmocka_unit_test(unicode_of_a_kind_that_deceives_is_no_free_text),
        cmocka_unit_test(frames_wait_for_a_whole_message),
        cmocka_unit_test(frames_refuse_lengths_that_lie),
        cmocka_unit_test(what_a_channel_adds_leaves_with_the_next_message_or_a_flush_in_order),
        cmocka_unit_test(a_channel_passes_messages_and_a_descriptor),
        cmocka_unit_test(two_that_both_have_much_to_say_do_not_wait_for_each_other),
        cmocka_unit_test(a_file_is_replaced_whole_or_not_at_all),
        cmocka_unit_test(a_file_is_ours_where_nobody_else_can_write_it_or_put_another_in_its_place),
        cmocka_unit_test(a_configuration_has_words_quotes_and_comments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
