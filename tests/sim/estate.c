/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/estate.h"

#include "tests/sim/disk.h"
#include "tests/sim/memo.h"
#include "wire/manifest.h"
#include "worker/policy.h"

#define POLICY_DISK 7
#define POLICY_PATH "/sim/7/policy"

static const char policy_text[] =
    "allow disk.usage\nallow service.status\nallow file.remove\nallow file.rotate\n"
    "allow file.truncate\nallow service.restart\nallow service.start\nclass highest change\n"
    "read /var\nspool /var/log\n"
    "rate service.restart 40 600\n"
    "service db pidfile /run/db.pid\nservice db start /usr/sbin/db\n"
    "service web pidfile /run/web.pid\nservice web start /usr/sbin/web\n";

static const playbook_t playbooks[ESTATE_PLAYBOOKS] = {
    {.name = "look",
     .steps = {{.name = "a", .uses = {"disk.usage"}},
               {.name = "b", .needs = "a", .uses = {"service.status"}}},
     .script = "step a\nop disk.usage /var\nop disk.usage /var/log\n"
               "step b\nop service.status web\n"},
    {.name = "clean",
     .alert = "DiskFull",
     .steps = {{.name = "usage", .uses = {"disk.usage"}},
               {.name = "clean", .needs = "usage", .uses = {"file.remove"}, .under = "/var/log"},
               {.name = "check", .needs = "clean", .verify = true, .uses = {"disk.usage"}}},
     .script = "step usage\nop disk.usage /var\n"
               "step clean\nop file.remove /var/log/a.1\ntry file.remove /var/log/b.1\n"
               "op file.remove /var/log/c.1\n"
               "step check\nop disk.usage /var\n"},
    {.name = "renew",
     .alert = "Stale",
     .steps = {{.name = "restart", .timeout_s = 90, .uses = {"service.restart"}},
               {.name = "status", .needs = "restart", .uses = {"service.status"}}},
     .script = "step restart\nop service.restart web\n"
               "step status\nop service.status web\n"},
    {.name = "twice",
     .steps = {{.name = "go", .timeout_s = 120, .uses = {"service.restart"}},
               {.name = "then", .needs = "go", .uses = {"file.truncate", "file.rotate"}}},
     .script = "step go\nop service.restart web\nop service.restart db\n"
               "try service.restart web\n"
               "step then\nop file.truncate /var/log/app.log\nop file.rotate /var/log/t.log\n"},
    {.name = "choose",
     .steps = {{.name = "a", .when = true, .uses = {"service.start"}},
               {.name = "b", .needs = "a", .uses = {"service.start"}},
               {.name = "c", .needs = "b", .uses = {"file.truncate"}}},
     .script = "when a\nskip\n"
               "step b\ntry service.start db\ntry service.start web\n"
               "step c\nop file.truncate /var/log/app.log\n"},
    {.name = "mend",
     .steps = {{.name = "a", .undo = true, .uses = {"file.truncate"}},
               {.name = "b", .needs = "a", .retries = 2, .uses = {"file.remove"}},
               {.name = "c", .needs = "b", .uses = {"file.rotate"}}},
     .script = "step a\nop file.truncate /var/log/m.log\n"
               "undo a\nop file.truncate /var/log/u.log\n"
               "step b\nop file.remove /var/log/b.1\n"
               "step c\nop file.rotate /var/log/m.log\n"},
    {.name = "regret",
     .spoils = true,
     .steps = {{.name = "a", .undo = true, .uses = {"service.restart"}},
               {.name = "b", .needs = "a", .undo = true, .uses = {"file.truncate"}},
               {.name = "c", .needs = "b", .uses = {"file.truncate"}}},
     .script = "step a\nop service.restart web\n"
               "undo a\nop service.restart db\n"
               "step b\nop file.truncate /var/log/b.log\n"
               "undo b\nop file.truncate /var/log/b.log\n"
               "step c\nop file.truncate /var/log/c.log\nfail\n"},
    {.name = "rude",
     .spoils = true,
     .steps = {{.name = "a", .uses = {"file.remove", "service.start"}, .under = "/var/log/app"},
               {.name = "b", .needs = "a", .uses = {"disk.usage"}}},
     .script = "step a\nop service.start web\ntry file.remove /var/log/b.1\n"
               "try service.restart web\ntry file.remove /etc/passwd\n"
               "step b\nop service.start db\n"},
    {.name = "sleepy",
     .spoils = true,
     .steps = {{.name = "a", .timeout_s = 20, .uses = {"file.rotate"}}},
     .script = "step a\nop file.rotate /var/log/l.log\nhang\n"},
    {.name = "wild",
     .spoils = true,
     .steps = {{.name = "a", .timeout_s = 20, .uses = {"file.truncate"}},
               {.name = "b", .needs = "a", .timeout_s = 20, .uses = {"file.truncate"}}},
     .script = "step a\nop file.truncate /var/log/a.log\n"
               "step b\nop file.truncate /var/log/b.log\nexit\n"},
    {.name = "vouch",
     .spoils = true,
     .steps = {{.name = "a", .uses = {"disk.usage"}},
               {.name = "go", .needs = "a", .kind = "approve"},
               {.name = "fix", .needs = "go", .uses = {"service.restart", "file.truncate"}}},
     .script = "step a\nop disk.usage /var\n"
               "step fix\nop service.restart db\nop file.truncate /var/log/v.log\n"},
    {.name = "inquire",
     .spoils = true,
     .steps = {{.name = "a", .kind = "ask"},
               {.name = "go", .needs = "a", .kind = "approve"},
               {.name = "fix", .needs = "go", .uses = {"file.rotate"}}},
     .script = "step fix\nop file.rotate /var/log/i.log\n"},
    {.name = "nest",
     .steps = {{.name = "a", .kind = "call"}, {.name = "b", .needs = "a", .uses = {"file.rotate"}}},
     .script = "step b\nop file.rotate /var/log/n.log\n"},
    {.name = "tally",
     .steps = {{.name = "a", .uses = {"disk.usage"}},
               {.name = "b", .needs = "a", .uses = {"service.status"}},
               {.name = "sum", .needs = "a", .once = true, .uses = {"service.restart"}}},
     .script = "step a\nop disk.usage /var\nstep b\nop service.status web\n"
               "step sum\nop service.restart web\n"},
    {.name = "survey",
     .steps = {{.name = "a", .when = true, .retries = 2, .uses = {"disk.usage"}},
               {.name = "sum", .needs = "a", .when = true, .once = true, .uses = {"disk.usage"}}},
     .script = "when a\neach 2 skip\nstep a\nop disk.usage /var\neach 3 mute\n"
               "step sum\nop disk.usage /var/log\n"},
    {.name = "limp",
     .spoils = true,
     .steps = {{.name = "a", .undo = true, .uses = {"file.truncate"}},
               {.name = "b", .needs = "a", .uses = {"disk.usage"}},
               {.name = "sum",
                .needs = "b",
                .undo = true,
                .once = true,
                .uses = {"service.restart", "file.truncate"}}},
     .script = "step a\nop file.truncate /var/log/a.log\nundo a\nop file.truncate /var/log/u.log\n"
               "step b\nop disk.usage /var\neach 2 fail\n"
               "step sum\nop service.restart db\nop file.truncate /var/log/s.log\n"
               "undo sum\nop service.restart db\n"},
    {.name = "clean",
     .steps = {{.name = "clean", .uses = {"file.remove", "service.restart"}}},
     .script = "step clean\nop file.remove /var/log/a.1\nop service.restart db\n"},
};

static estate_t *made;

static value_t *
use_of(const estate_step_t *step, const char *name)
{
    value_t *use = value_map(), *bounds = value_list();
    bool on_path = !strncmp(name, "file.", 5);
    value_set_text(use, "op", name);
    if (step->under && on_path) {
        value_t *bound = value_map();
        value_set_text(bound, "argument", "path");
        value_set_text(bound, "kind", "under");
        value_set_text(bound, "value", step->under);
        value_append(bounds, bound);
    }
    value_set(use, "bounds", bounds);
    return use;
}

/* What only a step of this kind has. */
static void
set_kind(value_t *step, const char *kind)
{
    bool asks = !strcmp(kind, "ask");
    if (asks || !strcmp(kind, "approve")) {
        value_set_text(step, "role", "responder");
        value_set_integer(step, "wait", 90);
        value_set_text(step, "text", "Go on?");
    }
    if (asks) {
        value_t *options = value_list();
        value_append(options, value_text("left"));
        value_append(options, value_text("right"));
        value_set_text(step, "answer", "choice");
        value_set(step, "options", options);
    }
    if (!strcmp(kind, "call"))
        value_set_text(step, "callee", playbooks[ESTATE_CALLEE].name);
}

/* As a runner in mode "manifest" would give it. */
static value_t *
step_of(const estate_step_t *from)
{
    value_t *step = value_map(), *needs = value_list(), *uses = value_list();
    value_set_text(step, "name", from->name);
    value_set_text(step, "kind", from->kind ? from->kind : "run");
    set_kind(step, from->kind ? from->kind : "run");
    value_set_integer(step, "timeout", from->timeout_s ? from->timeout_s : 60);
    value_set_bool(step, "when", from->when);
    value_set_bool(step, "verify", from->verify);
    value_set_bool(step, "undo", from->undo);
    value_set_bool(step, "always", false);
    value_set_bool(step, "once", from->once);
    if (from->needs)
        value_append(needs, value_text(from->needs));
    for (size_t i = 0; i < ARRAY_SIZE(from->uses) && from->uses[i]; i++)
        value_append(uses, use_of(from, from->uses[i]));
    value_set(step, "needs", needs);
    value_set(step, "uses", uses);
    if (from->retries) {
        value_t *retry = value_map();
        value_set_integer(retry, "count", from->retries);
        value_set_integer(retry, "pause", 2);
        value_set(step, "retry", retry);
    }
    return step;
}

static manifest_t *
manifest_of(const playbook_t *playbook)
{
    CLEANUP(value_destroy) value_t *map = value_map();
    value_t *rollout = value_map(), *steps = value_list(), *triggers = value_list();
    fault_t fault = {0};
    value_set_text(map, "name", playbook->name);
    value_set_text(map, "summary", "Simulated");
    value_set_integer(rollout, "first", 1);
    value_set_integer(rollout, "grow", 2);
    value_set_integer(rollout, "soak", 30);
    value_set_integer(rollout, "max_failures", 0);
    value_set(map, "rollout", rollout);
    value_set(map, "inputs", value_list());
    if (playbook->alert)
        value_append(triggers, value_text(playbook->alert));
    value_set(map, "triggers", triggers);
    for (size_t i = 0; i < ESTATE_STEPS && playbook->steps[i].name; i++)
        value_append(steps, step_of(&playbook->steps[i]));
    value_set(map, "steps", steps);
    manifest_t *manifest = manifest_make(map, &fault);
    if (!manifest)
        fprintf(stderr, "%s: %s\n", playbook->name, fault.text);
    assert(manifest);
    return manifest;
}

static void
make_playbook(estate_t *self, playbook_t *playbook)
{
    CLEANUP(manifest_destroy) manifest_t *manifest = manifest_of(playbook);
    CLEANUP(value_destroy) value_t *files = value_map();
    playbook->highest = manifest->highest;
    playbook->manifest = bytes_new();
    manifest_encode(manifest, playbook->manifest);
    slice_t script = slice_text(playbook->script);
    release_t *release =
        site_release_of(self->site, playbook->name, bytes_slice(playbook->manifest), script);
    release->highest = playbook->highest;
    playbook->release = site_seal_release(self->site, release, "ana", "rita,rob");
    playbook->hash = hash_of(bytes_slice(playbook->release.document));
    value_set(files, "manifest", value_bytes(bytes_slice(playbook->manifest)));
    value_set_text(files, "playbook.lua", playbook->script);
    playbook->files = bytes_new();
    value_encode(files, playbook->files);
}

static void
make_grant(estate_t *self, estate_grant_t *made_of)
{
    const playbook_t *playbook = &self->playbooks[made_of->playbook];
    grant_t *grant = site_grant(self->site, &playbook->hash);
    text_copy(grant->playbook, sizeof grant->playbook, playbook->name);
    text_copy(grant->scope, sizeof grant->scope, "any");
    text_copy(grant->matches[0].value, sizeof grant->matches[0].value, playbook->alert);
    grant->budget_runs = made_of->budget_runs;
    grant->budget_s = made_of->budget_s;
    grant->fresh_s = made_of->fresh_s;
    made_of->sealed = site_seal_grant(self->site, grant, "pat,pia");
    made_of->hash = hash_of(bytes_slice(made_of->sealed.document));
}

static sealed_t
make_fleet(estate_t *self, const char *region, int first, int last, int far)
{
    fleet_t *fleet = site_fleet(self->site, region);
    fleet->version = far ? 2 : 1;
    fleet->worker_count = fleet->host_count = 0;
    for (int i = first; i <= last; i++) {
        char worker[8], host[24];
        snprintf(worker, sizeof worker, "w%d", i);
        snprintf(host, sizeof host, "web%d.example", i);
        site_add_worker(self->site, fleet, worker, i % 2 ? "role=web" : "role=db");
        site_add_host(fleet, host, worker);
    }
    for (int i = 0; i < far; i++) {
        char worker[8];
        snprintf(worker, sizeof worker, "x%02d", i);
        site_add_worker(self->site, fleet, worker, "-");
    }
    return site_seal_fleet(self->site, fleet, "olaf");
}

/* Pat is nobody any more. */
static sealed_t
make_people_next(estate_t *self)
{
    people_t *people = site_people(self->site);
    size_t left = 0;
    people->version = 2;
    people->curve_count = 0;
    for (size_t i = 0; i < people->key_count; i++)
        if (strcmp(people->keys[i].person, "pat") != 0)
            people->keys[left++] = people->keys[i];
    people->key_count = left;
    return site_seal_people(self->site, people, "hana,hugo");
}

static sealed_t
make_root_next(estate_t *self)
{
    root_t *root = site_root_next(self->site);
    timekeeper_t *timekeeper = &root->timekeeper;
    text_copy(timekeeper->name, sizeof timekeeper->name, "tower");
    timekeeper->key = *machinekey_public(site_key(self->site, "tower"));
    timekeeper->curve = site_curve("tower");
    root->offline_max_s[CLASS_CHANGE] = ESTATE_OFFLINE_S;
    root->offline_max_s[CLASS_DESTRUCTIVE] = ESTATE_OFFLINE_S;
    return site_seal_root(self->site, root, "hana,hugo");
}

static disk_fate_t
always_fine(void *context, const char *call)
{
    (void)context, (void)call;
    return DISK_FINE;
}

static policy_t *
make_policy(void)
{
    chance_t chance = chance_of(0);
    fault_t fault = {0};
    disk_t *disk = disk_new(POLICY_DISK, &chance, always_fine, NULL);
    int failed = file_write(POLICY_PATH, slice_text(policy_text), 0600, &fault);
    policy_t *policy = failed ? NULL : policy_load(POLICY_PATH, &fault);
    if (!policy)
        fprintf(stderr, "%s\n", fault.text);
    assert(policy);
    disk_destroy(&disk);
    return policy;
}

/* Whatever every world decodes, once for all of them. */
static void
learn(const estate_t *self)
{
    CLEANUP(trust_destroy) trust_t *trust = trust_new(&self->site->id);
    fault_t fault = {0};
    int failed = 0;
    const sealed_t *chain[] = {&self->site->root, &self->site->people, &self->north,
                               &self->south,      &self->people_next,  &self->south_next,
                               &self->root_next};
    for (size_t i = 0; i < ARRAY_SIZE(chain); i++)
        failed |= trust_add(trust, bytes_slice(chain[i]->document), bytes_slice(chain[i]->armors),
                            &fault);
    for (size_t i = 0; i < ESTATE_PLAYBOOKS; i++) {
        const sealed_t *at = &self->playbooks[i].release;
        CLEANUP(release_destroy)
        release_t *release =
            trust_check_release(trust, bytes_slice(at->document), bytes_slice(at->armors), &fault);
        CLEANUP(manifest_destroy)
        manifest_t *manifest = manifest_decode(bytes_slice(self->playbooks[i].manifest), &fault);
        failed |= !release || !manifest;
    }
    for (size_t i = 0; i < ESTATE_GRANTS; i++) {
        const sealed_t *at = &self->grants[i].sealed;
        CLEANUP(grant_destroy) grant_t *grant = grant_decode(bytes_slice(at->document), &fault);
        failed |= !grant;
    }
    assert(!failed);
    memo_keep();
}

estate_t *
estate(void)
{
    if (made)
        return made;
    estate_t *self = made = memory_new(1, sizeof *self);
    self->site = site_new();
    self->north = make_fleet(self, "north", 1, 3, 0);
    self->south = make_fleet(self, "south", 4, 5, 0);
    self->south_next = make_fleet(self, "south", 4, 5, ESTATE_FAR);
    self->people_next = make_people_next(self);
    self->root_next = make_root_next(self);
    self->documents[0] = &self->site->root;
    self->documents[1] = &self->site->people;
    self->documents[2] = &self->north;
    self->documents[3] = &self->south;
    self->names[0] = "root";
    self->names[1] = "people";
    self->names[2] = "fleet.north";
    self->names[3] = "fleet.south";
    memcpy(self->playbooks, playbooks, sizeof playbooks);
    for (size_t i = 0; i < ESTATE_PLAYBOOKS; i++)
        make_playbook(self, &self->playbooks[i]);
    self->grants[0] =
        (estate_grant_t){.playbook = 1, .budget_runs = 2, .budget_s = 300, .fresh_s = 60};
    self->grants[1] =
        (estate_grant_t){.playbook = 2, .budget_runs = 1, .budget_s = 120, .fresh_s = 60};
    for (size_t i = 0; i < ESTATE_GRANTS; i++)
        make_grant(self, &self->grants[i]);
    self->policy = make_policy();
    learn(self);
    return self;
}

const estate_step_t *
estate_step(const playbook_t *playbook, const char *name)
{
    for (size_t i = 0; i < ESTATE_STEPS && playbook->steps[i].name; i++)
        if (!strcmp(playbook->steps[i].name, name))
            return &playbook->steps[i];
    return NULL;
}

const estate_step_t *
estate_gate(const playbook_t *playbook, const char *name)
{
    const estate_step_t *step = estate_step(playbook, name);
    while (step && !(step->kind && !strcmp(step->kind, "approve")))
        step = step->needs ? estate_step(playbook, step->needs) : NULL;
    return step;
}

const estate_step_t *
estate_once(const playbook_t *playbook)
{
    for (size_t i = 0; i < ESTATE_STEPS && playbook->steps[i].name; i++)
        if (playbook->steps[i].once)
            return &playbook->steps[i];
    return NULL;
}

int
estate_release(const hash_t *hash)
{
    for (int i = 0; i < ESTATE_PLAYBOOKS; i++)
        if (hash_equal(&made->playbooks[i].hash, hash))
            return i;
    return -1;
}
