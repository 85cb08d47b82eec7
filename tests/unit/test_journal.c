/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/file.h"
#include "worker/journal.h"

static char folder[64], path[96];

static int
set_up(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/test_journal.XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/journal", folder);
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder);
}

static journal_t *
open_journal(void)
{
    fault_t fault = {0};
    journal_t *self = journal_open(path, &fault);
    if (!self)
        fail_msg("%s", fault.text);
    return self;
}

static void
refuses_to_open(fault_code_t code, const char *words)
{
    fault_t fault = {0};
    assert_null(journal_open(path, &fault));
    if (fault.code != code || !strstr(fault.text, words))
        fail_msg("%s: %s", fault_word(fault.code), fault.text);
}

static journal_entry_t
entry_of(const char *key, const char *run, const char *op, int64_t at_ms)
{
    journal_entry_t entry = {.key = hash_of(slice_text(key)),
                             .run = hash_of(slice_text(run)),
                             .step = "free",
                             .begun = {at_ms}};
    text_copy(entry.op, sizeof entry.op, op);
    return entry;
}

static void
begin(journal_t *self, const char *key, const char *run, const char *op, int64_t at_ms)
{
    fault_t fault = {0};
    journal_entry_t entry = entry_of(key, run, op, at_ms);
    if (journal_begin(self, &entry, &fault))
        fail_msg("%s", fault.text);
}

static void
end(journal_t *self, const char *key, const char *code, const char *result)
{
    fault_t fault = {0};
    hash_t hash = hash_of(slice_text(key));
    if (journal_end(self, &hash, code, slice_text(result), (wall_t){5000}, &fault))
        fail_msg("%s", fault.text);
}

static const journal_entry_t *
find(const journal_t *self, const char *key)
{
    hash_t hash = hash_of(slice_text(key));
    return journal_find(self, &hash);
}

/* Two ops, the second still open. */
static void
write_three_records(void)
{
    CLEANUP(journal_destroy) journal_t *self = open_journal();
    begin(self, "one", "run", "file.remove", 1000);
    end(self, "one", "ok", "s3:yes");
    begin(self, "two", "run", "service.restart", 2000);
}

static bytes_t *
read_all(void)
{
    fault_t fault = {0};
    bytes_t *bytes = file_read(path, 1 << 20, &fault);
    assert_non_null(bytes);
    return bytes;
}

static void
write_all(slice_t bytes)
{
    fault_t fault = {0};
    assert_int_equal(file_write(path, bytes, 0600, &fault), 0);
}

static void
knows_after_a_restart_what_began_and_ended(void **state)
{
    (void)state;
    write_three_records();
    CLEANUP(journal_destroy) journal_t *self = open_journal();
    const journal_entry_t *one = find(self, "one"), *two = find(self, "two");
    assert_true(one->ended && !two->ended);
    assert_string_equal(one->code, "ok");
    assert_true(slice_is(bytes_slice(one->result), "s3:yes"));
    assert_string_equal(two->op, "service.restart");
    assert_int_equal(two->begun.ms, 2000);
    assert_null(find(self, "three"));
    hash_t run = hash_of(slice_text("run")), other = hash_of(slice_text("other"));
    assert_ptr_equal(journal_first(self, &run), one);
    assert_null(journal_first(self, &other));
    end(self, "two", "failed", "");
    assert_true(find(self, "two")->ended);
}

static void
counts_what_began_in_a_span(void **state)
{
    (void)state;
    write_three_records();
    CLEANUP(journal_destroy) journal_t *self = open_journal();
    begin(self, "three", "other", "file.remove", 3000);
    assert_int_equal(journal_count(self, "file.remove", (wall_t){0}), 2);
    assert_int_equal(journal_count(self, "file.remove", (wall_t){1001}), 1);
    assert_int_equal(journal_count(self, "file.remove", (wall_t){3001}), 0);
    assert_int_equal(journal_count(self, "file.truncate", (wall_t){0}), 0);
}

static void
reaches_every_head_it_had(void **state)
{
    (void)state;
    hash_t middle, never = hash_of(slice_text("never"));
    {
        CLEANUP(journal_destroy) journal_t *self = open_journal();
        assert_true(hash_equal(journal_head(self), &HASH_ZERO));
        begin(self, "one", "run", "file.remove", 1000);
        middle = *journal_head(self);
        end(self, "one", "ok", "n");
    }
    CLEANUP(journal_destroy) journal_t *self = open_journal();
    assert_true(journal_reaches(self, &HASH_ZERO));
    assert_true(journal_reaches(self, &middle));
    assert_true(journal_reaches(self, journal_head(self)));
    assert_false(journal_reaches(self, &never));
}

static void
cuts_a_torn_record_off_at_every_length(void **state)
{
    (void)state;
    write_three_records();
    CLEANUP(bytes_destroy) bytes_t *whole = read_all();
    size_t two = 0; /* where the third record starts */
    for (int i = 0; i < 2; i++)
        two += 5 + (size_t)(whole->data[two + 2] << 8 | whole->data[two + 3]);
    for (size_t size = two + 1; size < whole->size; size++) {
        write_all(slice_of(whole->data, size));
        CLEANUP(journal_destroy) journal_t *self = open_journal();
        assert_null(find(self, "two"));
        assert_true(find(self, "one")->ended);
        struct stat status;
        assert_int_equal(stat(path, &status), 0);
        assert_int_equal(status.st_size, two);
        if (size == whole->size - 1)
            begin(self, "two", "run", "file.remove", 2000);
    }
    CLEANUP(journal_destroy) journal_t *self = open_journal();
    assert_string_equal(find(self, "two")->op, "file.remove");
}

/* The filesystem had made room for all of it, and some of it came. */
static void
cuts_a_torn_record_off_at_every_length_that_was_written_of_its_room(void **state)
{
    (void)state;
    write_three_records();
    CLEANUP(bytes_destroy) bytes_t *whole = read_all();
    size_t two = 0;
    for (int i = 0; i < 2; i++)
        two += 5 + (size_t)(whole->data[two + 2] << 8 | whole->data[two + 3]);
    for (size_t size = two; size < whole->size; size++) {
        CLEANUP(bytes_destroy) bytes_t *torn = bytes_copy(slice_of(whole->data, size));
        while (torn->size < whole->size)
            bytes_add_u8(torn, 0);
        write_all(bytes_slice(torn));
        CLEANUP(journal_destroy) journal_t *self = open_journal();
        assert_null(find(self, "two"));
        assert_true(find(self, "one")->ended);
    }
}

/* A length in front of the last or the last but one record, so large that it reaches past the end.
 */
static void
cuts_no_whole_record_off_for_a_damaged_length__eff_journal_truncated(void **state)
{
    (void)state;
    write_three_records();
    CLEANUP(bytes_destroy) bytes_t *whole = read_all();
    size_t at = 0;
    for (int i = 0; i < 2; i++) {
        fault_t fault = {0};
        at += 5 + (size_t)(whole->data[at + 2] << 8 | whole->data[at + 3]);
        CLEANUP(bytes_destroy) bytes_t *damaged = bytes_copy(bytes_slice(whole));
        size_t where = i ? at : 0;
        damaged->data[where + 2] = 0x0f;
        damaged->data[where + 3] = 0xf0;
        write_all(bytes_slice(damaged));
        CLEANUP(journal_destroy) journal_t *self = journal_open(path, &fault);
        assert_null(self);
        assert_int_equal(fault.code, FAULT_FORMAT);
        CLEANUP(bytes_destroy) bytes_t *after = read_all();
        assert_true(slice_equal(bytes_slice(after), bytes_slice(damaged)));
    }
}

static void
cuts_off_room_that_was_made_and_not_written(void **state)
{
    static const uint8_t zeroes[4096];
    (void)state;
    write_three_records();
    CLEANUP(bytes_destroy) bytes_t *whole = read_all();
    bytes_add(whole, zeroes, sizeof zeroes);
    write_all(bytes_slice(whole));
    CLEANUP(journal_destroy) journal_t *self = open_journal();
    assert_non_null(find(self, "two"));
}

static void
ends_on_any_other_break__eff_journal_truncated(void **state)
{
    (void)state;
    write_three_records();
    CLEANUP(bytes_destroy) bytes_t *whole = read_all();
    size_t first = 5 + (size_t)(whole->data[2] << 8 | whole->data[3]);
    write_all(slice_of(whole->data + first, whole->size - first)); /* the oldest is gone */
    refuses_to_open(FAULT_HASH, "chain");
    CLEANUP(bytes_destroy) bytes_t *bent = bytes_copy(bytes_slice(whole));
    uint8_t *step = memmem(bent->data, bent->size, "step free", 9);
    step[5] = 'F' | 0x20;
    step[6] = 'x'; /* another step: the next record's previous no longer fits */
    write_all(bytes_slice(bent));
    refuses_to_open(FAULT_HASH, "chain");
    whole->data[first - 1] = ' '; /* in the middle a record has no LF behind it */
    write_all(bytes_slice(whole));
    refuses_to_open(FAULT_FORMAT, "byte 0");
    whole->data[first - 1] = '\n';
    whole->data[0] = 0x7f; /* a length that no record has */
    write_all(bytes_slice(whole));
    refuses_to_open(FAULT_FORMAT, "enrol");
}

static void
belongs_to_one_process(void **state)
{
    (void)state;
    CLEANUP(journal_destroy) journal_t *self = open_journal();
    refuses_to_open(FAULT_CONFLICT, "another effector");
}

static void
holds_no_result_that_is_over_a_line(void **state)
{
    static char text[JOURNAL_RESULT_MAX + 2];
    fault_t fault = {0};
    (void)state;
    CLEANUP(journal_destroy) journal_t *self = open_journal();
    begin(self, "one", "run", "file.remove", 1000);
    memset(text, 'x', JOURNAL_RESULT_MAX + 1);
    hash_t key = hash_of(slice_text("one"));
    assert_int_equal(journal_end(self, &key, "ok", slice_text(text), (wall_t){1}, &fault), -1);
    assert_int_equal(fault.code, FAULT_LIMIT);
    text[JOURNAL_RESULT_MAX] = '\0';
    end(self, "one", "ok", text);
}

/* The descriptor of the journal under our feet becomes one that cannot be written. */
static void
is_broken_after_a_failed_write__crash_fsync_eio(void **state)
{
    fault_t fault = {0};
    (void)state;
    CLEANUP(journal_destroy) journal_t *self = open_journal();
    begin(self, "one", "run", "file.remove", 1000);
    struct stat wanted, found;
    assert_int_equal(stat(path, &wanted), 0);
    for (int fd = 3; fd < 64; fd++)
        if (!fstat(fd, &found) && found.st_ino == wanted.st_ino && found.st_dev == wanted.st_dev) {
            int reader = open(path, O_RDONLY);
            assert_int_equal(dup2(reader, fd), fd);
            close(reader);
            break;
        }
    journal_entry_t two = entry_of("two", "run", "file.remove", 2000);
    assert_int_equal(journal_begin(self, &two, &fault), -1);
    assert_int_equal(fault.code, FAULT_IO);
    assert_true(journal_is_broken(self));
    assert_int_equal(journal_begin(self, &two, &fault), -1);
    assert_null(find(self, "two"));
}

static void
fill(const char *name)
{
    static const char block[65536];
    int fd = open(name, O_WRONLY | O_CREAT, 0600);
    while (write(fd, block, sizeof block) > 0)
        continue;
    close(fd);
}

/* Where nothing can be mounted, 77. */
static void
a_moment_that_came_is_known_after_a_restart(void **state)
{
    fault_t fault = {0};
    (void)state;
    journal_t *self = open_journal();
    assert_int_equal(journal_seen(self).ms, 0);
    assert_int_equal(journal_see(self, (wall_t){5000}, &fault), 0);
    begin(self, "one", "run", "file.remove", 4000);
    hash_t head = *journal_head(self);
    journal_destroy(&self);
    self = open_journal();
    assert_int_equal(journal_seen(self).ms, 5000);
    assert_true(hash_equal(journal_head(self), &head));
    begin(self, "two", "run", "file.remove", 6000);
    assert_int_equal(journal_seen(self).ms, 6000);
    journal_destroy(&self);
}

static int
on_a_full_disk(void)
{
    fault_t fault = {0};
    if (unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
        mount("tmpfs", folder, "tmpfs", 0, "size=2m"))
        return 77;
    char filler[96];
    snprintf(filler, sizeof filler, "%s/filler", folder);
    journal_t *self = open_journal();
    begin(self, "one", "run", "file.remove", 1000);
    fill(filler);
    size_t begun = 0;
    for (int i = 0; i < 4000 && !fault.code; i++) { /* uses the reserve up */
        char key[16];
        snprintf(key, sizeof key, "key%d", i);
        journal_entry_t entry = entry_of(key, "run", "file.remove", 2000);
        begun += !journal_begin(self, &entry, &fault);
    }
    hash_t one = hash_of(slice_text("one"));
    if (fault.code != FAULT_FULL || begun < 100 || journal_is_broken(self))
        return 1;
    return journal_end(self, &one, "ok", slice_text("n"), (wall_t){3000}, &fault) ? 2 : 0;
}

static void
what_began_can_end_on_a_full_disk__crash_enospc(void **state)
{
    int status;
    (void)state;
    pid_t child = fork();
    if (child == 0)
        _exit(on_a_full_disk());
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77)
        skip();
    assert_int_equal(WEXITSTATUS(status), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(knows_after_a_restart_what_began_and_ended),
        TEST(counts_what_began_in_a_span),
        TEST(reaches_every_head_it_had),
        TEST(cuts_a_torn_record_off_at_every_length),
        TEST(cuts_a_torn_record_off_at_every_length_that_was_written_of_its_room),
        TEST(cuts_no_whole_record_off_for_a_damaged_length__eff_journal_truncated),
        TEST(cuts_off_room_that_was_made_and_not_written),
        TEST(ends_on_any_other_break__eff_journal_truncated),
        TEST(belongs_to_one_process),
        TEST(holds_no_result_that_is_over_a_line),
        TEST(is_broken_after_a_failed_write__crash_fsync_eio),
        TEST(a_moment_that_came_is_known_after_a_restart),
        TEST(what_began_can_end_on_a_full_disk__crash_enospc),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
