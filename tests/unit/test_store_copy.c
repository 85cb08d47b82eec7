/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "broker/store_copy.h"
#include "common/file.h"

#define LEAVES 3000

typedef struct {
    char folder[64], copy[128], kept[128];
    store_t *store;
    merkle_t log; /* of what was written */
} house_t;

static int
begin(void **state)
{
    fault_t fault = {0};
    house_t *self = memory_new(1, sizeof *self);
    snprintf(self->folder, sizeof self->folder, "/tmp/tocsin-copy-XXXXXX");
    assert_non_null(mkdtemp(self->folder));
    snprintf(self->copy, sizeof self->copy, "%s/copy.db", self->folder);
    snprintf(self->kept, sizeof self->kept, "%s/kept", self->folder);
    self->store = store_sqlite(self->folder, false, &fault);
    assert_non_null(self->store);
    *state = self;
    return 0;
}

static int
end(void **state)
{
    char command[256];
    house_t *self = *state;
    store_destroy(&self->store);
    snprintf(command, sizeof command, "rm -r '%s'", self->folder);
    assert_int_equal(system(command), 0);
    free(self);
    return 0;
}

static void
must(int failed, const fault_t *fault)
{
    if (failed)
        fail_msg("%s: %s", fault_word(fault->code), fault->text);
}

/* So many leaves, and where the log stands, in one transaction. */
static void
put_leaves(house_t *self, size_t count)
{
    fault_t fault = {0};
    uint8_t noise[512];
    must(self->store->begin(self->store->self, &fault), &fault);
    for (size_t i = 0; i < count; i++) {
        row_t row = {.kind = ROW_LEAF, .leaf = {.number = self->log.size, .kind = "event"}};
        memset(noise, (int)(self->log.size % 251), sizeof noise);
        row.leaf.bytes = slice_of(noise, sizeof noise);
        row.leaf.hash = hash_of(row.leaf.bytes);
        merkle_append(&self->log, &row.leaf.hash);
        must(self->store->put(self->store->self, &row, &fault), &fault);
    }
    row_t row = {.kind = ROW_POSITION,
                 .position = {.size = self->log.size, .edge = merkle_edge(&self->log)}};
    must(self->store->put(self->store->self, &row, &fault), &fault);
    must(self->store->commit(self->store->self, &fault), &fault);
}

static void
copy_all(house_t *self, size_t leaves_between)
{
    fault_t fault = {0};
    int more;
    CLEANUP(store_copy_destroy)
    store_copy_t *copy = store_copy_new(self->store, self->copy, &fault);
    assert_non_null(copy);
    while ((more = store_copy_go_on(copy, &fault)) == 1)
        if (leaves_between)
            put_leaves(self, leaves_between);
    must(more, &fault);
}

static void
assert_log(const house_t *self, const merkle_t *log)
{
    hash_t ours = merkle_head(&self->log), theirs = merkle_head(log);
    assert_int_equal(log->size, self->log.size);
    assert_true(hash_equal(&ours, &theirs));
}

static int
keep(const house_t *self, merkle_t *log, fault_t *fault)
{
    CLEANUP(descriptor_close) int fd = open(self->copy, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    return store_copy_keep(fd, self->kept, log, fault);
}

static void
what_is_written_while_it_is_copied_is_in_the_copy(void **state)
{
    house_t *self = *state;
    fault_t fault = {0};
    merkle_t log;
    struct stat facts;
    put_leaves(self, LEAVES);
    copy_all(self, 7);
    assert_true(self->log.size > LEAVES);
    must(keep(self, &log, &fault), &fault);
    assert_log(self, &log);
    assert_int_equal(stat(self->kept, &facts), 0);
    assert_int_equal(facts.st_mode & 0777, 0600);
}

static void
a_copy_waits_for_the_end_of_a_transaction(void **state)
{
    house_t *self = *state;
    fault_t fault = {0};
    put_leaves(self, 10);
    CLEANUP(store_copy_destroy)
    store_copy_t *copy = store_copy_new(self->store, self->copy, &fault);
    must(self->store->begin(self->store->self, &fault), &fault);
    assert_int_equal(store_copy_go_on(copy, &fault), 1);
    must(self->store->commit(self->store->self, &fault), &fault);
    assert_int_equal(store_copy_go_on(copy, &fault), 0);
}

static void
refuses_to_overwrite(void **state)
{
    house_t *self = *state;
    fault_t fault = {0};
    merkle_t log;
    char partial[160];
    put_leaves(self, 10);
    copy_all(self, 0);
    must(file_write(self->kept, slice_text("precious"), 0600, &fault), &fault);
    assert_int_equal(keep(self, &log, &fault), -1);
    assert_int_equal(fault.code, FAULT_CONFLICT);
    CLEANUP(bytes_destroy) bytes_t *still = file_read(self->kept, 100, &fault);
    assert_string_equal(bytes_text(still), "precious");
    snprintf(partial, sizeof partial, "%s.partial", self->kept);
    assert_int_equal(access(partial, F_OK), -1);
}

static void
refuses_a_damaged_copy(void **state)
{
    house_t *self = *state;
    fault_t fault = {0};
    merkle_t log;
    put_leaves(self, 1000);
    copy_all(self, 0);
    CLEANUP(descriptor_close) int fd = open(self->copy, O_WRONLY | O_CLOEXEC);
    uint8_t noise[8192];
    memset(noise, 0x5a, sizeof noise);
    assert_int_equal(pwrite(fd, noise, sizeof noise, 40960), sizeof noise);
    assert_int_equal(keep(self, &log, &fault), -1);
    assert_int_equal(access(self->kept, F_OK), -1);
    assert_int_equal(store_copy_restore(self->copy, self->kept, 0, &log, &fault), -1);
}

static void
refuses_what_is_no_record(void **state)
{
    house_t *self = *state;
    fault_t fault = {0};
    merkle_t log;
    must(file_write(self->copy, slice_text("a letter to my aunt, which is no database"), 0600,
                    &fault),
         &fault);
    assert_int_equal(store_copy_check(self->copy, &log, &fault), -1);
    must(file_write(self->copy, slice_text(""), 0600, &fault), &fault);
    assert_int_equal(store_copy_check(self->copy, &log, &fault), -1);
    assert_non_null(strstr(fault.text, "no broker's record"));
}

static size_t
set_aside(const house_t *self)
{
    char command[256];
    size_t count = 0;
    snprintf(command, sizeof command, "ls '%s' | grep -c '^broker.db.before-'", self->folder);
    FILE *lines = popen(command, "r");
    assert_non_null(lines);
    assert_int_equal(fscanf(lines, "%zu", &count), 1);
    pclose(lines);
    return count;
}

static void
what_was_kept_becomes_the_record_again(void **state)
{
    house_t *self = *state;
    fault_t fault = {0};
    merkle_t log;
    put_leaves(self, 100);
    copy_all(self, 0);
    const merkle_t then = self->log;
    put_leaves(self, 50);
    store_destroy(&self->store);
    must(store_copy_restore(self->copy, self->folder, 0, &log, &fault), &fault);
    self->log = then;
    assert_log(self, &log);
    assert_true(set_aside(self) >= 1);
    self->store = store_sqlite(self->folder, false, &fault);
    assert_non_null(self->store);
    query_t query = {.what = FIND_POSITION};
    CLEANUP(row_destroy) row_t *row = store_first(self->store, &query, &fault);
    assert_int_equal(row->position.size, 100);
}

/* Locks are a process's own: who restores is another. */
static void
refuses_while_a_broker_has_the_record_open(void **state)
{
    house_t *self = *state;
    int status;
    put_leaves(self, 10);
    copy_all(self, 0);
    pid_t child = fork();
    if (!child) {
        fault_t fault = {0};
        merkle_t log;
        int failed = store_copy_restore(self->copy, self->folder, 0, &log, &fault);
        _exit(failed && fault.code == FAULT_CONFLICT ? 7 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 7);
    put_leaves(self, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_written_while_it_is_copied_is_in_the_copy),
        TEST(a_copy_waits_for_the_end_of_a_transaction),
        TEST(refuses_to_overwrite),
        TEST(refuses_a_damaged_copy),
        TEST(refuses_what_is_no_record),
        TEST(what_was_kept_becomes_the_record_again),
        TEST(refuses_while_a_broker_has_the_record_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
