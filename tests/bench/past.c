/* SPDX-License-Identifier: Apache-2.0 */
/* past - a broker's database in which much has happened: the broker's own core and store, fed with
 * alerts that fire and resolve, on a clock that runs as fast as they are written.
 *
 *     past FOLDER COUNT
 *
 * COUNT incidents, all over, the last of them an hour ago. Prints how many leaves their log has,
 * and how many such leaves this machine hashes a second. TOCSIN_SITE names the site. */
#include <czmq.h>

#include "broker/core/core.h"
#include "common/text.h"
#include "tests/bench/bench.h"

#define COUNT_MAX    100000000
#define STEP_MS      400  /* between two incidents */
#define LASTING_MS   2000 /* of each */
#define COMMIT_STEPS 1000
#define TICK_STEPS   100
#define HOUR_MS      3600000

typedef struct {
    charter_t *charter;
    store_t *store;
    core_t *core;
    actions_t *actions;
    size_t written, steps;
    uint64_t leaf_bytes;
} past_t;

static void
need(int failed, const fault_t *fault)
{
    if (failed)
        bench_die(fault);
}

static void
write_rows(past_t *self)
{
    fault_t fault = {0};
    for (; self->written < self->actions->row_count; self->written++) {
        const row_t *row = self->actions->rows[self->written];
        need(self->store->put(self->store->self, row, &fault), &fault);
        if (row->kind == ROW_LEAF)
            self->leaf_bytes += row->leaf.bytes.size;
        else if (row->kind == ROW_EVENT)
            self->leaf_bytes += row->event.bytes.size;
    }
}

static void
commit(past_t *self)
{
    fault_t fault = {0};
    core_flush(self->core, self->actions);
    write_rows(self);
    need(self->store->commit(self->store->self, &fault), &fault);
    need(self->store->begin(self->store->self, &fault), &fault);
    actions_clear(self->actions);
    self->written = 0;
}

static void
step(past_t *self, event_t *event, wall_t now)
{
    fault_t fault = {0};
    need(core_step(self->core, event, now, self->actions, &fault), &fault);
    write_rows(self);
    if (++self->steps % COMMIT_STEPS == 0)
        commit(self);
}

/* Fingerprints are as far apart as real ones (splitmix64's finalizer). */
static uint64_t
scatter(uint64_t number)
{
    number = (number ^ (number >> 30)) * 0xbf58476d1ce4e5b9u;
    number = (number ^ (number >> 27)) * 0x94d049bb133111ebu;
    return number ^ (number >> 31);
}

static void
tell(past_t *self, uint64_t number, wall_t starts, bool firing)
{
    static const char *const labels[][2] = {{"alertname", "BenchPast"},
                                            {"instance", BENCH_HOST ":9100"},
                                            {"job", "node"},
                                            {"mountpoint", "/"},
                                            {"region", "north"},
                                            {"severity", "critical"}};
    CLEANUP(alert_destroy) alert_t *alert = memory_new(1, sizeof *alert);
    text_copy(alert->source, sizeof alert->source, "demo");
    snprintf(alert->fingerprint, sizeof alert->fingerprint, "%016llx",
             (unsigned long long)scatter(number));
    alert->firing = firing;
    alert->starts = starts;
    text_copy(alert->severity, sizeof alert->severity, "critical");
    text_copy(alert->host, sizeof alert->host, BENCH_HOST);
    snprintf(alert->title, sizeof alert->title, "Measured (instance " BENCH_HOST ":9100)");
    for (size_t i = 0; i < ARRAY_SIZE(labels); i++) {
        label_t *label = alert_add_label(&alert->labels, &alert->label_count);
        text_copy(label->name, sizeof label->name, labels[i][0]);
        text_copy(label->value, sizeof label->value, labels[i][1]);
    }
    event_t event = {.kind = EVENT_ALERT, .alert = alert, .region = ""};
    step(self, &event, firing ? starts : (wall_t){starts.ms + LASTING_MS});
}

/* Each resolves while some later ones fire already. */
static void
live(past_t *self, uint64_t count)
{
    const uint64_t behind = LASTING_MS / STEP_MS;
    wall_t first = {wall_now().ms - HOUR_MS - (int64_t)(count * STEP_MS)};
    for (uint64_t i = 0; i < count + behind; i++) {
        wall_t now = {first.ms + (int64_t)(i * STEP_MS)};
        event_t tick = {.kind = EVENT_TICK};
        if (i >= behind)
            tell(self, i - behind, (wall_t){now.ms - LASTING_MS}, false);
        if (i < count)
            tell(self, i, now, true);
        if (i % TICK_STEPS == 0)
            step(self, &tick, now);
    }
    commit(self);
}

static void
measure_hash(uint64_t leaves, size_t bytes)
{
    merkle_t log = {0};
    CLEANUP(memory_free) uint8_t *leaf = memory_new(bytes + 1, 1);
    double start = bench_us();
    for (uint64_t i = 0; i < leaves; i++) {
        hash_t hash = hash_leaf(slice_of(leaf, bytes));
        merkle_append(&log, &hash);
    }
    bench_say("hash_per_second", (double)leaves * 1e6 / (bench_us() - start));
}

int
main(int argc, char **argv)
{
    uint64_t count;
    past_t self = {0};
    fault_t fault = {0};
    if (argc != 3 || !text_read_u64(argv[2], 1, COUNT_MAX, &count)) {
        fprintf(stderr, "usage: past FOLDER COUNT\n");
        return EXIT_FAILURE;
    }
    self.charter = charter_load(bench_environment("TOCSIN_SITE"), &fault);
    self.store = self.charter ? store_sqlite(argv[1], true, &fault) : NULL;
    if (!self.store)
        bench_die(&fault);
    self.core = core_new(self.charter, "past", self.store);
    self.actions = actions_new();
    need(core_load(self.core, &fault), &fault);
    need(self.store->begin(self.store->self, &fault), &fault);
    live(&self, count);
    need(self.store->commit(self.store->self, &fault), &fault);
    uint64_t leaves = core_log(self.core)->size;
    bench_say("leaves", (double)leaves);
    measure_hash(leaves < 200000 ? leaves : 200000, (size_t)(self.leaf_bytes / leaves));
    actions_destroy(&self.actions);
    core_destroy(&self.core);
    store_destroy(&self.store);
    charter_destroy(&self.charter);
    return EXIT_SUCCESS;
}
