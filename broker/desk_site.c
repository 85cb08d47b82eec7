/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/desk_private.h"

#include <sys/statvfs.h>

#include "common/version.h"
#include "wire/holdings.h"

#define PREFIX_MIN 6    /* digits of a release's hash */
#define SPENT_MAX  2048 /* moments at which a grant was drawn on, in one answer */

static shelved_t *
find_release(const desk_t *self, const char *name, fault_t *fault)
{
    const shelf_t *shelf = core_shelf(self->house->core);
    shelved_t *found = *name ? shelf_in_service(shelf, name) : NULL;
    size_t count = strlen(name) < PREFIX_MIN ? 0 : shelf_release_count(shelf);
    for (size_t i = 0; !found && i < count; i++) {
        char text[HASH_TEXT];
        shelved_t *release = shelf_release_at(shelf, i);
        hash_write(&release->hash, text);
        if (!strncmp(text, name, strlen(name)))
            found = release;
    }
    if (!found)
        fault_set(fault, FAULT_NOT_FOUND,
                  "no release '%.64s' is here, nor is one of that playbook in service; see: "
                  "tocsin review list --all",
                  name);
    return found;
}

static value_t *
count_workers(const desk_t *self, wall_t now)
{
    const trust_t *trust = core_charter(self->house->core)->trust;
    int64_t online = 0, known = 0;
    for (size_t i = 0; i < trust_fleet_count(trust); i++) {
        const fleet_t *fleet = trust_fleet(trust, i);
        for (size_t j = 0; j < fleet->worker_count; j++, known++) {
            wall_t seen;
            core_worker(self->house->core, fleet->workers[j].id, &seen);
            online += seen.ms && now.ms - seen.ms < CORE_ONLINE_MS;
        }
    }
    value_t *map = value_map();
    value_set_integer(map, "online", online);
    value_set_integer(map, "known", known);
    return map;
}

static value_t *
count_releases(const desk_t *self)
{
    const shelf_t *shelf = core_shelf(self->house->core);
    int64_t waiting = 0, serving = 0;
    for (size_t i = 0; i < shelf_release_count(shelf); i++) {
        release_state_t state = shelf_release_at(shelf, i)->state;
        waiting += state == RELEASE_WAITING;
        serving += state == RELEASE_IN_SERVICE;
    }
    value_t *map = value_map();
    value_set_integer(map, "releases", serving);
    value_set_integer(map, "waiting", waiting);
    if (*self->house->catalog_error)
        value_set_text(map, "error", self->house->catalog_error);
    return map;
}

/* The room on the disk that keeps the record. */
static value_t *
view_disk(const char *folder)
{
    struct statvfs disk;
    value_t *map = value_map();
    if (folder && !statvfs(folder, &disk)) {
        value_set_integer(map, "free", (int64_t)disk.f_bavail * (int64_t)disk.f_frsize);
        value_set_integer(map, "size", (int64_t)disk.f_blocks * (int64_t)disk.f_frsize);
    }
    return map;
}

/* The freezes that now stands in. */
static value_t *
view_freezes(const holds_t *holds, wall_t now)
{
    value_t *list = value_list();
    for (size_t i = 0; holds && i < holds->freeze_count; i++) {
        const freeze_t *freeze = &holds->freezes[i];
        if (!freeze_stands(freeze, now))
            continue;
        value_t *map = value_map();
        value_set_text(map, "name", freeze->name);
        if (*freeze->region)
            value_set_text(map, "region", freeze->region);
        value_append(list, map);
    }
    return list;
}

/* Each sink, and of the oldest notice that waits for it since when, how often it was tried, and
 * what the last try met. */
static value_t *
view_sinks(const desk_house_t *house)
{
    value_t *list = value_list();
    for (size_t i = 0; house->sinks && i < house->sinks->count; i++) {
        fault_t ignored;
        const char *name = house->sinks->sinks[i].name;
        query_t query = {.what = FIND_NOTICES_TO, .text = name, .limit = 1};
        CLEANUP(row_destroy) row_t *oldest = store_first(house->store, &query, &ignored);
        value_t *map = value_map();
        value_set_text(map, "name", name);
        if (oldest && oldest->notice.tries) {
            value_set_integer(map, "since", oldest->notice.made.ms);
            value_set_integer(map, "tries", (int64_t)oldest->notice.tries);
            value_set_text(map, "reason", oldest->notice.reason);
        }
        value_append(list, map);
    }
    return list;
}

static bool
fill_waiting(void *context, const row_t *row)
{
    const incident_t *incident = &row->incident;
    value_t *map = value_map();
    value_set_integer(map, "incident", (int64_t)incident->id);
    value_set_text(map, "title", incident->title);
    value_t *names = view_names(incident->playbooks);
    if (value_count(names))
        value_set(map, "playbook", value_copy(value_at(names, 0)));
    value_destroy(&names);
    return desk_append(((filling_t *)context)->asked, map);
}

/* The newest beacon that came from the timekeeper: absent where none did. */
static void
set_beacon(value_t *status, const core_t *core)
{
    wall_t came;
    const beacon_t *beacon = core_beacon(core, &came);
    if (!beacon)
        return;
    value_t *map = value_map();
    value_set_integer(map, "sequence", (int64_t)beacon->sequence);
    value_set_integer(map, "made", beacon->made.ms);
    value_set_integer(map, "came", came.ms);
    value_set(status, "beacon", map);
}

/* The centre's broker, which this one relays to, and regions' own, which relay to this one. */
static void
set_brokers(value_t *map, const desk_house_t *house)
{
    const people_t *people = trust_people(core_charter(house->core)->trust);
    value_t *islands = value_list();
    for (size_t i = 0; people && i < people->broker_count; i++) {
        wall_t seen;
        const island_row_t *row = core_island(house->core, people->brokers[i].name, &seen);
        value_t *item = row ? value_map() : NULL;
        if (!item)
            continue;
        value_set_text(item, "name", row->name);
        value_set_integer(item, "taken", (int64_t)row->taken);
        if (seen.ms)
            value_set_integer(item, "seen", seen.ms);
        value_append(islands, item);
    }
    value_set(map, "islands", islands);
    if (!house->uplink)
        return;
    value_t *uplink = value_map();
    value_set_text(uplink, "name", uplink_centre(house->uplink));
    value_set_bool(uplink, "heard", uplink_is_heard(house->uplink));
    value_set_integer(uplink, "behind", (int64_t)uplink_behind(house->uplink));
    value_set(map, "uplink", uplink);
}

value_t *
answer_status(desk_t *self, asked_t *asked)
{
    const desk_house_t *house = self->house;
    const merkle_t *log = core_log(house->core);
    hash_t head = merkle_head(log);
    query_t query = {
        .what = FIND_INCIDENTS_IN, .number = INCIDENT_WAITING, .limit = desk_limit(asked)};
    value_t *waiting = desk_list(self, asked, &query, fill_waiting);
    if (!waiting)
        return NULL;
    value_t *map = value_map(), *counts = value_map(), *runs = value_map(), *record = value_map();
    value_t *documents = value_map();
    for (unsigned i = 0; i < INCIDENT_STATE_COUNT; i++)
        value_set_integer(counts, incident_word(i), (int64_t)core_count(house->core, i));
    value_set_integer(runs, "active", (int64_t)core_active_runs(house->core));
    value_set_integer(record, "size", (int64_t)log->size);
    view_set_hash(record, "head", &head);
    view_set_hash(map, "site", trust_site(core_charter(house->core)->trust));
    value_set_text(map, "broker", house->broker);
    value_set_text(map, "instance", house->instance);
    value_set_text(map, "version", TOCSIN_VERSION);
    value_set_integer(map, "started", house->started.ms);
    value_set_integer(map, "now", asked->now.ms);
    value_set(map, "disk", view_disk(house->folder));
    holdings_versions(core_charter(house->core)->trust, documents);
    value_set(map, "documents", documents);
    value_set(map, "freezes", view_freezes(house->holds, asked->now));
    value_set(map, "sinks", view_sinks(house));
    set_beacon(map, house->core);
    set_brokers(map, house);
    value_set(map, "incidents", counts);
    value_set(map, "runs", runs);
    value_set(map, "workers", count_workers(self, asked->now));
    value_set(map, "log", record);
    value_set(map, "catalog", count_releases(self));
    value_set(map, "waiting", waiting);
    return map;
}

/* How many of a list were answered before. */
static size_t
from(const asked_t *asked)
{
    int64_t count = value_get_integer(asked->arguments, "from");
    return count > 0 ? (size_t)count : 0;
}

value_t *
answer_releases(desk_t *self, asked_t *asked)
{
    const shelf_t *shelf = core_shelf(self->house->core);
    value_t *list = value_list();
    bool fits = true;
    asked->list = list;
    for (size_t i = from(asked); fits && i < shelf_release_count(shelf); i++)
        fits = desk_append(asked, view_release(shelf, shelf_release_at(shelf, i)));
    asked->failed = false;
    return list;
}

value_t *
answer_release(desk_t *self, asked_t *asked)
{
    const char *name = value_get_text(asked->arguments, "release");
    if (!*name)
        name = value_get_text(asked->arguments, "hash");
    if (!*name)
        name = value_get_text(asked->arguments, "playbook");
    const shelved_t *release = find_release(self, name, asked->fault);
    if (!release)
        return NULL;
    value_t *map = value_map();
    view_set_hash(map, "hash", &release->hash);
    value_set_text(map, "state", release_word(release->state));
    value_set(map, "document", value_bytes(bytes_slice(release->document)));
    value_set(map, "armors", value_bytes(bytes_slice(release->armors)));
    value_set(map, "files", value_copy(release->files));
    return map;
}

/* Of a site where it ran on thousands: a grant that no answer holds would end the list. */
static void
set_spent(value_t *map, const held_grant_t *grant, const char *worker)
{
    size_t more;
    value_set(map, "spent", held_grant_spent(grant, worker, SPENT_MAX, &more));
    if (more)
        value_set_integer(map, "more_spent", (int64_t)more);
}

static value_t *
view_grant(const core_t *core, const held_grant_t *grant, const char *worker)
{
    char signers[ROW_NAMES_MAX + 1];
    core_signers(core, bytes_slice(grant->armors), signers, sizeof signers);
    value_t *map = value_map();
    view_set_hash(map, "hash", &grant->hash);
    value_set_text(map, "playbook", grant->grant->playbook);
    view_set_hash(map, "release", &grant->grant->release);
    value_set(map, "document", value_bytes(bytes_slice(grant->document)));
    value_set(map, "armors", value_bytes(bytes_slice(grant->armors)));
    value_set(map, "signers", view_names(signers));
    set_spent(map, grant, worker);
    return map;
}

value_t *
answer_grants(desk_t *self, asked_t *asked)
{
    const core_t *core = self->house->core;
    const char *playbook = value_get_text(asked->arguments, "playbook");
    const char *worker = value_get_text(asked->arguments, "worker");
    size_t at = 0, before = from(asked);
    bool fits = true;
    value_t *list = value_list();
    asked->list = list;
    for (size_t i = 0; fits && i < shelf_grant_count(core_shelf(core)); i++) {
        const held_grant_t *grant = shelf_grant_at(core_shelf(core), i);
        if (!*playbook || !strcmp(grant->grant->playbook, playbook))
            fits = at++ < before || desk_append(asked, view_grant(core, grant, worker));
    }
    asked->failed = false;
    return list;
}

static value_t *
view_worker(const desk_t *self, const fleet_t *fleet, const worker_line_t *line, wall_t now)
{
    wall_t seen;
    fault_t revoked;
    const core_t *core = self->house->core;
    const worker_row_t *row = core_worker(core, line->id, &seen);
    const drain_row_t *drain = core_drained(core, line->id);
    value_t *map = value_map();
    value_set_text(map, "id", line->id);
    value_set_text(map, "region", fleet->region);
    value_set_text(map, "labels", line->labels);
    value_set_bool(map, "online", seen.ms && now.ms - seen.ms < CORE_ONLINE_MS);
    if (seen.ms)
        value_set_integer(map, "seen", seen.ms);
    value_set_integer(map, "sequence", row ? (int64_t)row->sequence : 0);
    value_set_integer(map, "version", (int64_t)fleet->version);
    if (drain) {
        value_t *drained = value_map();
        value_set_integer(drained, "at", drain->at.ms);
        value_set_text(drained, "who", drain->who);
        value_set_text(drained, "reason", drain->reason);
        value_set(map, "drained", drained);
    }
    if (trust_check_revoked(core_charter(core)->trust, HALT_WORKER, line->id, &revoked))
        value_set_text(map, "revoked", revoked.text);
    return map;
}

value_t *
answer_workers(desk_t *self, asked_t *asked)
{
    const trust_t *trust = core_charter(self->house->core)->trust;
    size_t at = 0, before = from(asked);
    bool fits = true;
    value_t *list = value_list();
    asked->list = list;
    for (size_t i = 0; i < trust_fleet_count(trust); i++) {
        const fleet_t *fleet = trust_fleet(trust, i);
        for (size_t j = 0; fits && j < fleet->worker_count; j++)
            fits = at++ < before ||
                   desk_append(asked, view_worker(self, fleet, &fleet->workers[j], asked->now));
    }
    asked->failed = false;
    return list;
}

value_t *
answer_allowances(desk_t *self, asked_t *asked)
{
    const value_t *workers = value_get(asked->arguments, "workers");
    value_t *list = value_list();
    asked->list = list;
    for (size_t i = 0; i < value_count(workers); i++) {
        query_t query = {.what = FIND_ALLOWANCE, .text = value_string(value_at(workers, i))};
        CLEANUP(row_destroy) row_t *row = store_first(self->house->store, &query, asked->fault);
        if (!row && asked->fault->code) {
            value_destroy(&list);
            return NULL;
        }
        if (!row)
            continue;
        value_t *map = value_map();
        value_set_text(map, "worker", row->allowance.worker);
        value_set(map, "document", value_bytes(row->allowance.document));
        value_set(map, "armor", value_bytes(row->allowance.armor));
        desk_append(asked, map);
    }
    asked->failed = false;
    return list;
}
