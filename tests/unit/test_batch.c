/* SPDX-License-Identifier: Apache-2.0 */
/* What is decided together, while a disk that the test holds back has what came before. */
#include "tests/unit/core_fixture.h"

#include <semaphore.h>
#include <sys/wait.h>
#include <threads.h>
#include <unistd.h>

#include "broker/batch.h"

/* The store in memory, behind a disk that is done when it is told so. */
typedef struct {
    sem_t done;
    int syncs;
    bool broken;
    thrd_t by; /* of the last one */
} disk_t;

static disk_t disk;

typedef struct {
    house_t *house;
    store_t store;
    desk_house_t needs;
    desk_t *desk;
    batch_t *batch;
    uint64_t braked;
} office_t;

static int
sync_when_told(void *self, fault_t *fault)
{
    (void)self;
    disk.by = thrd_current();
    disk.syncs++;
    while (sem_wait(&disk.done))
        ;
    return disk.broken ? fault_set(fault, FAULT_IO, "the disk is gone") : 0;
}

static int
open_office(void **state)
{
    office_t *self = memory_new(1, sizeof *self);
    void *house;
    begin(&house);
    self->house = house;
    self->store = *self->house->store;
    self->store.sync = sync_when_told;
    disk = (disk_t){0};
    assert_int_equal(sem_init(&disk.done, 0, 0), 0);
    self->batch = batch_new(self->house->core, &self->store, NULL);
    self->needs = (desk_house_t){.core = self->house->core,
                                 .store = &self->store,
                                 .context = self->batch,
                                 .step = batch_step,
                                 .answer = batch_answer};
    self->desk = desk_new(&self->needs);
    batch_tell(self->batch, self->desk);
    *state = self;
    return 0;
}

static int
close_office(void **state)
{
    office_t *self = *state;
    void *house = self->house;
    sem_post(&disk.done);
    batch_destroy(&self->batch);
    desk_destroy(&self->desk);
    sem_destroy(&disk.done);
    free(self);
    return end(&house);
}

/* Somebody brakes and lets go, count times in all: each is an event of the record. */
static void
decide(office_t *self, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        self->braked = !self->braked;
        event_t brake = {.kind = EVENT_BRAKE,
                         .who = "pat",
                         .region = "-",
                         .number = self->braked,
                         .text = "drill"};
        if (batch_step(self->batch, &brake, &self->house->fault))
            fail_msg("%s", self->house->fault.text);
    }
}

static size_t
events_of(const actions_t *actions)
{
    size_t count = 0;
    for (size_t i = 0; i < actions->row_count; i++)
        count += actions->rows[i]->kind == ROW_EVENT;
    return count;
}

/* What is given out now is this many events. */
static void
gives_out(office_t *self, size_t count)
{
    CLEANUP(actions_destroy) actions_t *done = batch_done(self->batch, false);
    assert_non_null(done);
    assert_int_equal(events_of(done), count);
}

static void
wait_for_disk(office_t *self)
{
    CLEANUP(zpoller_destroy) zpoller_t *poller = zpoller_new(batch_socket(self->batch), NULL);
    sem_post(&disk.done);
    assert_non_null(zpoller_wait(poller, 10000));
}

static void
nothing_goes_out_before_the_disk_has_it(void **state)
{
    office_t *self = *state;
    decide(self, BATCH_ASIDE);
    assert_true(batch_close(self->batch));
    assert_false(batch_is_begun(self->batch));
    assert_null(batch_done(self->batch, false));
    wait_for_disk(self);
    gives_out(self, BATCH_ASIDE);
    assert_false(thrd_equal(disk.by, thrd_current()));
}

static void
what_is_decided_while_the_disk_is_at_work_is_the_next_batch(void **state)
{
    office_t *self = *state;
    decide(self, BATCH_ASIDE);
    assert_true(batch_close(self->batch));
    decide(self, 3);
    assert_false(batch_close(self->batch));
    assert_null(batch_done(self->batch, false));
    assert_true(batch_is_begun(self->batch));
    wait_for_disk(self);
    gives_out(self, BATCH_ASIDE);
    assert_null(batch_done(self->batch, false));
    sem_post(&disk.done);
    assert_true(batch_close(self->batch));
    gives_out(self, 3);
}

static void
little_is_brought_to_the_disk_at_once(void **state)
{
    office_t *self = *state;
    decide(self, BATCH_ASIDE - 1);
    sem_post(&disk.done);
    assert_true(batch_close(self->batch));
    gives_out(self, BATCH_ASIDE - 1);
    assert_true(thrd_equal(disk.by, thrd_current()));
}

static void
what_changes_nothing_needs_no_disk(void **state)
{
    office_t *self = *state;
    assert_true(batch_close(self->batch));
    gives_out(self, 0);
    assert_int_equal(disk.syncs, 0);
}

static void
who_has_to_wait_gets_all_of_it(void **state)
{
    office_t *self = *state;
    decide(self, BATCH_ASIDE);
    assert_true(batch_close(self->batch));
    sem_post(&disk.done);
    CLEANUP(actions_destroy) actions_t *done = batch_done(self->batch, true);
    assert_int_equal(events_of(done), BATCH_ASIDE);
}

/* Only where it is brought there: beside the loop, and in it. */
static void
a_disk_that_fails_ends_the_process_and_nothing_went_out(void **state)
{
    (void)state;
    for (size_t steps = 1; steps <= BATCH_ASIDE; steps += BATCH_ASIDE - 1) {
        int status;
        pid_t pid = fork();
        if (!pid) {
            void *mine = NULL;
            open_office(&mine);
            office_t *self = mine;
            disk.broken = true;
            sem_post(&disk.done);
            decide(self, steps);
            if (batch_close(self->batch) && batch_done(self->batch, true))
                _exit(1);
            _exit(0);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), BATCH_EXIT);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        /* First: before the process has threads. */
        cmocka_unit_test(a_disk_that_fails_ends_the_process_and_nothing_went_out),
        cmocka_unit_test_setup_teardown(nothing_goes_out_before_the_disk_has_it, open_office,
                                        close_office),
        cmocka_unit_test_setup_teardown(what_is_decided_while_the_disk_is_at_work_is_the_next_batch,
                                        open_office, close_office),
        cmocka_unit_test_setup_teardown(little_is_brought_to_the_disk_at_once, open_office,
                                        close_office),
        cmocka_unit_test_setup_teardown(what_changes_nothing_needs_no_disk, open_office,
                                        close_office),
        cmocka_unit_test_setup_teardown(who_has_to_wait_gets_all_of_it, open_office, close_office),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
