/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/broker_private.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "broker/preflight.h"
#include "common/file.h"
#include "common/log.h"
#include "common/privilege.h"
#include "wire/checkpoint.h"

#define SETTLED_MS 1000
#define PRUNE_MS   (3600 * 1000)
#define NOTICES_MS (7LL * 24 * 3600 * 1000) /* notices are kept, whatever became of them */

/* The batch ----------------------------------------------------------------------------------- */

/* Behind everything else: nobody waits for the log. */
static void
log_events(const actions_t *done)
{
    CLEANUP(bytes_destroy) bytes_t *lines = bytes_new();
    for (size_t i = 0; i < done->row_count; i++) {
        const row_t *row = done->rows[i];
        if (row->kind == ROW_EVENT && row->event.incident)
            log_add(lines, "incident=%llu: %s: %s", (unsigned long long)row->event.incident,
                    row->event.kind, row->event.text);
        else if (row->kind == ROW_EVENT)
            log_add(lines, "%s: %s", row->event.kind, row->event.text);
    }
    log_lines(lines);
}

static void
deliver(broker_t *self)
{
    fault_t fault = {0};
    row_t *due;
    while (self->notifier &&
           (due = core_notice(self->core, self->closed.notices, wall_now(), &fault))) {
        CLEANUP(row_destroy) row_t *row = due;
        CLEANUP(value_destroy)
        value_t *facts =
            letter_facts(&row->notice, trust_site(self->charter->trust), self->settings->name);
        notifier_post(self->notifier, &row->notice, facts);
    }
    if (fault.code)
        log_fault("notices", &fault);
}

/* Behind the commit, so that whom a revoke shuts out has heard of it. */
static void
admit_anew(broker_t *self)
{
    if (self->revokes == self->closed.revokes)
        return;
    self->revokes = self->closed.revokes;
    gate_admit(self->gate, self->charter->trust);
}

static void
relay(broker_t *self)
{
    fault_t fault = {0};
    if (self->uplink && uplink_send(self->uplink, self->closed.leaves, mono_now(), &fault))
        log_fault("uplink", &fault);
}

/* What the disk has by now goes out. */
static void
give_out(broker_t *self, bool wait)
{
    CLEANUP(actions_destroy) actions_t *done = batch_done(self->batch, wait);
    if (!done)
        return;
    relay(self);
    if (self->web)
        web_answer(self->web);
    deliver(self);
    log_events(done);
    admit_anew(self);
}

/* While the disk has one batch the next grows, and is closed behind it. */
static void
commit(broker_t *self)
{
    if (!batch_close(self->batch))
        return;
    self->closed = core_mark(self->core);
    if (self->web)
        web_close(self->web);
    give_out(self, false);
}

/* All of it, and not before it is on the disk. */
static void
commit_whole(broker_t *self)
{
    give_out(self, true);
    commit(self);
    give_out(self, true);
}

static void
tick_notifier(broker_t *self)
{
    fault_t fault = {0};
    mono_t now = mono_now();
    if (notifier_tick(self->notifier, now, &fault)) {
        log_error("%s; notices wait until the broker is restarted", fault.text);
        notifier_destroy(&self->notifier);
    }
    if (self->pruned.ms && now.ms - self->pruned.ms < PRUNE_MS)
        return;
    query_t old = {.what = FIND_NOTICES_BEFORE, .number = (uint64_t)(wall_now().ms - NOTICES_MS)};
    batch_drop(self->batch, &old);
    self->pruned = now;
}

/* Whom the documents name --------------------------------------------------------------------- */

static zloop_reader_fn on_envoy, on_herald;

static void
end_readers(broker_t *self, envoy_t *envoy)
{
    if (!self->loop || !envoy_socket(envoy))
        return;
    zloop_reader_end(self->loop, envoy_socket(envoy));
    zloop_reader_end(self->loop, envoy_monitor(envoy));
}

static void
begin_readers(broker_t *self, envoy_t *envoy, zloop_reader_fn *read)
{
    if (self->loop && envoy_socket(envoy) &&
        (zloop_reader(self->loop, envoy_socket(envoy), read, self) ||
         zloop_reader(self->loop, envoy_monitor(envoy), read, self)))
        log_error("the loop does not hear timekeeper or uplink: restart the broker");
}

/* Whom root and people name by now. */
static void
use_peers(broker_t *self)
{
    fault_t fault = {0}, why = {0};
    const timekeeper_t *named = &trust_root(self->charter->trust)->timekeeper;
    if (self->envoy) {
        end_readers(self, self->envoy);
        if (envoy_use(self->envoy, *named->name ? &named->curve : NULL, &fault))
            log_fault("timekeeper", &fault);
        begin_readers(self, self->envoy, on_envoy);
    }
    if (self->uplink) {
        end_readers(self, self->herald);
        if (uplink_use(self->uplink, trust_people(self->charter->trust), &why))
            log_fault("uplink", &why);
        begin_readers(self, self->herald, on_herald);
    }
}

void
broker_use_charter(broker_t *self)
{
    batch_use(self->batch, self->charter);
    gate_admit(self->gate, self->charter->trust);
    use_peers(self);
}

/* The site folder ----------------------------------------------------------------------------- */

static struct timespec
stamp_of(const char *folder)
{
    struct stat facts = {0};
    (void)stat(folder, &facts);
    return facts.st_mtim;
}

/* Files are put there one by one: reads once nothing moved for a second. */
static void
watch_site(broker_t *self)
{
    fault_t fault = {0};
    struct timespec stamp = stamp_of(self->settings->site);
    bool same = stamp.tv_sec == self->stamp.tv_sec && stamp.tv_nsec == self->stamp.tv_nsec;
    if (same || wall_now().ms - (int64_t)stamp.tv_sec * 1000 < SETTLED_MS)
        return;
    self->stamp = stamp;
    CLEANUP(charter_destroy) charter_t *charter = charter_load(self->settings->site, &fault);
    if (!charter) {
        log_fault("what stands in the site folder now is not used", &fault);
        return;
    }
    CLEANUP(charter_destroy) charter_t *before = self->charter;
    self->charter = MOVE(charter);
    if (self->envoy || self->uplink)
        charter_inherit(self->charter, before);
    broker_use_charter(self);
    log_info("the site folder was read again");
}

/* The loop ------------------------------------------------------------------------------------ */

static void
tick(broker_t *self)
{
    fault_t fault = {0};
    event_t event = {.kind = EVENT_TICK};
    self->due = false;
    if (batch_step(self->batch, &event, &fault))
        log_fault("tick", &fault);
    watch_site(self);
    if (self->envoy)
        envoy_tick(self->envoy, mono_now());
    if (self->uplink) {
        envoy_tick(self->herald, mono_now());
        uplink_greet(self->uplink, mono_now());
    }
    if (self->notifier)
        tick_notifier(self);
    if (self->catalog && catalog_tick(self->catalog, mono_now(), &fault)) {
        log_error("catalog: %s; restart the broker", fault.text);
        snprintf(self->catalog_error, sizeof self->catalog_error, "%s", fault.text);
        catalog_destroy(&self->catalog);
    }
}

/* Everything that has arrived, in one transaction. */
static void
take_all(broker_t *self)
{
    if (self->web)
        web_take(self->web, broker_hear_post, self);
    broker_hear_catalog(self);
    broker_hear_sinks(self);
    if (self->due)
        tick(self);
}

static int
on_held(zloop_t *loop, int timer, void *context)
{
    broker_t *self = context;
    (void)loop, (void)timer;
    self->held = false;
    commit(self);
    return 0;
}

/* A batch that nobody waits for (a worker's ACCEPT; those who watch may see it a moment later) is
 * committed with what comes next: its receipt is not long behind, and then waits for one sync of
 * the disk, not two. */
static void
settle(broker_t *self, zloop_t *loop)
{
    if (batch_is_awaited(self->batch) || self->notifier || !batch_is_begun(self->batch)) {
        commit(self);
    } else if (!self->held) {
        self->held = zloop_timer(loop, BROKER_HOLD_MS, 1, on_held, self) >= 0;
        if (!self->held)
            commit(self);
    }
}

static void
turn(broker_t *self, zloop_t *loop)
{
    broker_hear_gate(self);
    take_all(self);
    settle(self, loop);
}

/* A heartbeat changes nothing, so nobody else has to come along for its commit. */
static int
on_gate(zloop_t *loop, zsock_t *socket, void *context)
{
    broker_t *self = context;
    (void)socket;
    broker_hear_gate(self);
    if (batch_is_begun(self->batch))
        take_all(self);
    settle(self, loop);
    return 0;
}

static int
on_examined(zloop_t *loop, zsock_t *socket, void *context)
{
    broker_t *self = context;
    (void)socket;
    broker_hear_workers(self);
    if (batch_is_begun(self->batch))
        take_all(self);
    settle(self, loop);
    return 0;
}

static int
on_disk(zloop_t *loop, zsock_t *socket, void *context)
{
    broker_t *self = context;
    (void)socket;
    give_out(self, false);
    if (batch_is_begun(self->batch) || batch_is_awaited(self->batch))
        settle(self, loop);
    return 0;
}

static int
on_web(zloop_t *loop, zsock_t *socket, void *context)
{
    (void)socket;
    turn(context, loop);
    return 0;
}

static int
on_envoy(zloop_t *loop, zsock_t *socket, void *context)
{
    (void)socket;
    broker_hear_timekeeper(context);
    turn(context, loop);
    return 0;
}

static int
on_herald(zloop_t *loop, zsock_t *socket, void *context)
{
    broker_t *self = context;
    (void)socket;
    broker_hear_centre(self);
    turn(self, loop);
    return 0;
}

static bool
is_ours(const broker_t *self, int fd)
{
    return (self->catalog && fd == catalog_fd(self->catalog)) ||
           (self->notifier && fd == notifier_fd(self->notifier));
}

static int
on_descriptor(zloop_t *loop, zmq_pollitem_t *item, void *context)
{
    broker_t *self = context;
    turn(self, loop);
    if (!is_ours(self, item->fd))
        zloop_poller_end(loop, item);
    return 0;
}

static int
on_timer(zloop_t *loop, int timer, void *context)
{
    (void)timer;
    ((broker_t *)context)->due = true;
    turn(context, loop);
    return 0;
}

static int
on_copying(zloop_t *loop, int timer, void *context)
{
    broker_t *self = context;
    commit_whole(self);
    if (!backup_go_on(self->backup))
        zloop_timer_end(loop, timer);
    return 0;
}

static int
on_backup(zloop_t *loop, zmq_pollitem_t *item, void *context)
{
    broker_t *self = context;
    (void)item;
    if (backup_accept(self->backup))
        zloop_timer(loop, BACKUP_EVERY_MS, 0, on_copying, self);
    return 0;
}

/* Opening ------------------------------------------------------------------------------------- */

static void
name_instance(char out[static 33])
{
    uint8_t random[16];
    ssize_t got = getrandom(random, sizeof random, 0);
    assert(got == (ssize_t)sizeof random);
    hex_encode(slice_of(random, sizeof random), out);
}

broker_t *
broker_load(const settings_t *settings, fault_t *fault)
{
    CLEANUP(broker_destroy) broker_t *self = memory_new(1, sizeof *self);
    self->settings = settings;
    self->stamp = stamp_of(settings->site);
    self->charter = charter_load(settings->site, fault);
    if (!self->charter) {
        settings_blame(settings, "site", NULL, fault);
        return NULL;
    }
    if (curve_load(&self->pair, settings->curve_secret, fault)) {
        settings_blame(settings, "curve-secret", NULL, fault);
        return NULL;
    }
    self->key = machinekey_load(settings->signing_key, fault);
    if (!self->key) {
        settings_blame(settings, "signing-key", NULL, fault);
        return NULL;
    }
    if (!people_broker(trust_people(self->charter->trust), &self->pair.public_key))
        log_warning("people lists no broker with this CURVE key: nobody will connect to it");
    name_instance(self->instance);
    return MOVE(self);
}

void
broker_destroy(broker_t **self_p)
{
    broker_t *self = *self_p;
    if (!self)
        return;
    web_destroy(&self->web);
    examiner_destroy(&self->examiner);
    gate_destroy(&self->gate);
    envoy_destroy(&self->envoy);
    uplink_destroy(&self->uplink);
    envoy_destroy(&self->herald);
    catalog_destroy(&self->catalog);
    notifier_destroy(&self->notifier);
    backup_destroy(&self->backup);
    batch_destroy(&self->batch);
    desk_destroy(&self->desk);
    core_destroy(&self->core);
    store_destroy(&self->store);
    machinekey_destroy(&self->key);
    charter_destroy(&self->charter);
    curve_forget(&self->pair);
    free(self);
    *self_p = NULL;
}

static void
say_trouble(bool stops, const char *text)
{
    if (stops)
        log_error("%s", text);
    else
        log_warning("%s", text);
}

int
broker_check(broker_t *self, const char *program_folder, fault_t *fault)
{
    const preflight_t flight = {self->settings, self->charter->trust, &self->pair.public_key,
                                wall_now(),     program_folder,       say_trouble};
    unsigned stops = preflight(&flight);
    if (!stops)
        return 0;
    return fault_set(fault, FAULT_CONFIG, "%u of what the configuration names would stop a start",
                     stops);
}

int
broker_bind(broker_t *self, const char *program_folder, fault_t *fault)
{
    char program[4096];
    const settings_t *settings = self->settings;
    snprintf(program, sizeof program, "%s/../libexec/tocsin/catalog", program_folder);
    if (*settings->catalog &&
        !(self->catalog = catalog_new(program, settings->catalog, (uid_t)settings->catalog_uid,
                                      CATALOG_INTERVAL_MS, fault)))
        return -1;
    if (settings->sinks.count &&
        !(self->notifier = notifier_new(program_folder, &settings->sinks, settings->sendmail,
                                        (uid_t)settings->notifier_uid, fault)))
        return -1;
    if (folder_make(settings->state, 0700, fault) ||
        privilege_give(settings->state, (uid_t)settings->uid, fault))
        return -1;
    self->gate = gate_new(settings->listen, &self->pair, fault);
    if (!self->gate)
        return -1;
    if (*settings->timekeeper)
        self->envoy = envoy_new(settings->timekeeper, &self->pair);
    if (settings->uplink)
        self->herald = envoy_new(settings->uplink, &self->pair);
    self->examiner = examiner_new();
    gate_admit(self->gate, self->charter->trust);
    if (gate_check(self->gate, fault))
        return -1;
    if (*settings->http.host && !(self->web = web_new(settings, fault)))
        return -1;
    return 0;
}

static void
take_grant(broker_t *self, const char *path)
{
    fault_t fault = {0};
    CLEANUP(bytes_destroy) bytes_t *document = NULL;
    CLEANUP(bytes_destroy) bytes_t *armors = NULL;
    event_t event = {.kind = EVENT_GRANT};
    int failed = signed_load(path, &document, &armors, &fault);
    if (!failed) {
        event.document = bytes_slice(document);
        event.armors = bytes_slice(armors);
        failed = batch_step(self->batch, &event, &fault);
    }
    if (failed)
        log_fault(path, &fault);
}

int
broker_open(broker_t *self, bool anew, fault_t *fault)
{
    self->store = store_sqlite(self->settings->state, anew, fault);
    if (!self->store)
        return -1;
    self->core = core_new(self->charter, self->instance, self->store);
    core_sinks(self->core, &self->settings->sinks);
    core_hold(self->core, &self->settings->holds);
    core_sign(self->core, self->settings->name, self->key);
    self->batch = batch_new(self->core, self->store, self->gate);
    batch_send_by(self->batch, self->envoy);
    self->house = (desk_house_t){
        .core = self->core,
        .store = self->store,
        .broker = self->settings->name,
        .instance = self->instance,
        .key = self->key,
        .started = wall_now(),
        .catalog_error = self->catalog_error,
        .folder = self->settings->state,
        .holds = &self->settings->holds,
        .sinks = &self->settings->sinks,
        .context = self->batch,
        .step = batch_step,
        .answer = batch_answer,
    };
    if (self->herald)
        self->uplink = uplink_new(self->settings->name, self->settings->centre, self->herald,
                                  self->core, self->store, self->settings->sinks.count > 0);
    self->house.uplink = self->uplink;
    self->desk = desk_new(&self->house);
    batch_tell(self->batch, self->desk);
    if (core_load(self->core, fault))
        return -1;
    gate_admit(self->gate, self->charter->trust);
    for (size_t i = 0; i < self->settings->grant_count; i++)
        take_grant(self, self->settings->grants[i]);
    commit_whole(self);
    self->backup = backup_new(self->settings->state, self->store, fault);
    return self->backup ? 0 : -1;
}

static void
sign_checkpoint(broker_t *self)
{
    CLEANUP(bytes_destroy) bytes_t *document = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *armor = bytes_new();
    const merkle_t *log = core_log(self->core);
    checkpoint_t checkpoint =
        checkpoint_of(trust_site(self->charter->trust), self->settings->name, log, wall_now());
    checkpoint_sign(&checkpoint, self->key, document, armor);
    row_t row = {.kind = ROW_CHECKPOINT,
                 .checkpoint = {log->size, bytes_slice(document), bytes_slice(armor)}};
    batch_write(self->batch, &row);
    commit_whole(self);
}

int
broker_serve(broker_t *self, fault_t *fault)
{
    CLEANUP(zloop_destroy) zloop_t *loop = zloop_new();
    zmq_pollitem_t catalog = {.fd = self->catalog ? catalog_fd(self->catalog) : -1,
                              .events = ZMQ_POLLIN};
    zmq_pollitem_t sinks = {.fd = self->notifier ? notifier_fd(self->notifier) : -1,
                            .events = ZMQ_POLLIN};
    zmq_pollitem_t backups = {.fd = backup_fd(self->backup), .events = ZMQ_POLLIN};
    if (zloop_reader(loop, gate_socket(self->gate), on_gate, self) ||
        zloop_reader(loop, examiner_socket(self->examiner), on_examined, self) ||
        zloop_reader(loop, batch_socket(self->batch), on_disk, self) ||
        (self->web && zloop_reader(loop, web_socket(self->web), on_web, self)) ||
        (self->catalog && zloop_poller(loop, &catalog, on_descriptor, self)) ||
        (self->notifier && zloop_poller(loop, &sinks, on_descriptor, self)) ||
        zloop_poller(loop, &backups, on_backup, self) ||
        zloop_timer(loop, BROKER_TICK_MS, 0, on_timer, self) < 0)
        return fault_set(fault, FAULT_IO, "the loop cannot be set up");
    self->loop = loop;
    use_peers(self);
    log_info("broker=%s: serving, instance %.8s, %llu leaves", self->settings->name, self->instance,
             (unsigned long long)core_log(self->core)->size);
    if (self->web)
        web_serve(self->web);
    zloop_start(loop);
    self->loop = NULL;
    sign_checkpoint(self);
    log_info("broker=%s: stopped", self->settings->name);
    return 0;
}
