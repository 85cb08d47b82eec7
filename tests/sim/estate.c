/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/estate.h"

#include "tests/sim/disk.h"
#include "worker/policy.h"

#define POLICY_DISK 7
#define POLICY_PATH "/sim/7/policy"

static const char policy_text[] =
    "allow disk.usage\nallow service.status\nallow file.remove\nallow file.truncate\n"
    "allow service.restart\nallow service.start\nclass highest change\nread /var\nspool /var/log\n"
    "rate service.restart 40 600\n"
    "service db pidfile /run/db.pid\nservice db start /usr/sbin/db\n"
    "service web pidfile /run/web.pid\nservice web start /usr/sbin/web\n";

#define HEAD(name, class)                                                                        \
    "tocsin-manifest v1\nplaybook " name "\nsummary Simulated\nclass " class "\nrollout 1 2 30 " \
                                                                             "0\n"

static const playbook_t playbooks[ESTATE_PLAYBOOKS] = {
    {.name = "look",
     .highest = CLASS_OBSERVE,
     .manifest = HEAD("look", "observe") "step a 60 run\nstep b 60 run\nneeds b a\n"
                                         "use a disk.usage observe\nuse b service.status observe\n"
                                         "end\n",
     .script =
         "step a\nop disk.usage /var\nop disk.usage /var/log\nstep b\nop service.status web\n"},
    {.name = "clean",
     .alert = "DiskFull",
     .highest = CLASS_CHANGE,
     .manifest =
         HEAD("clean", "change") "trigger DiskFull\nstep check 60 run,verify\n"
                                 "step clean 60 run\nstep usage 60 run\nneeds check clean\n"
                                 "needs clean usage\nuse check disk.usage observe\n"
                                 "use clean file.remove change\nuse usage disk.usage observe\n"
                                 "bound clean file.remove path under /var/log\nend\n",
     .script = "step usage\nop disk.usage /var\nstep clean\nop file.remove /var/log/a.1\n"
               "try file.remove /var/log/b.1\nop file.remove /var/log/c.1\nstep check\n"
               "op disk.usage /var\n"},
    {.name = "renew",
     .alert = "Stale",
     .highest = CLASS_CHANGE,
     .manifest =
         HEAD("renew", "change") "trigger Stale\nstep restart 90 run\nstep status 60 run\n"
                                 "needs status restart\nuse restart service.restart change\n"
                                 "use status service.status observe\nend\n",
     .script = "step restart\nop service.restart web\nstep status\nop service.status web\n"},
    {.name = "twice",
     .highest = CLASS_CHANGE,
     .manifest = HEAD("twice", "change") "step go 120 run\nstep then 60 run\nneeds then go\n"
                                         "use go service.restart change\n"
                                         "use then file.truncate change\n"
                                         "use then service.restart change\nend\n",
     .script = "step go\nop service.restart web\nop service.restart db\ntry service.restart web\n"
               "step then\nop file.truncate /var/log/app.log\nop service.restart web\n"},
    {.name = "choose",
     .highest = CLASS_CHANGE,
     .manifest = HEAD("choose", "change") "step a 60 run,when\nstep b 60 run\nstep c 60 run\n"
                                          "needs b a\nneeds c b\nuse a service.start change\n"
                                          "use b service.start change\nuse c file.truncate change\n"
                                          "end\n",
     .script = "step a\nskip\nstep b\ntry service.start db\ntry service.start web\nstep c\n"
               "op file.truncate /var/log/app.log\n"},
    {.name = "rude",
     .highest = CLASS_CHANGE,
     .manifest = HEAD("rude", "change") "step a 60 run\nstep b 60 run\nneeds b a\n"
                                        "use a file.remove change\nuse a service.start change\n"
                                        "use b disk.usage observe\n"
                                        "bound a file.remove path under /var/log/app\nend\n",
     .script = "step a\nop service.start web\ntry file.remove /var/log/b.1\n"
               "try service.restart web\ntry file.remove /etc/passwd\nstep b\n"
               "op service.start db\n"},
    {.name = "sleepy",
     .highest = CLASS_CHANGE,
     .manifest = HEAD("sleepy", "change") "step a 20 run\nuse a service.restart change\nend\n",
     .script = "step a\nop service.restart db\nhang\n"},
    {.name = "wild",
     .highest = CLASS_CHANGE,
     .manifest = HEAD("wild", "change") "step a 20 run\nstep b 20 run\nneeds b a\n"
                                        "use a file.truncate change\nuse b file.truncate change\n"
                                        "end\n",
     .script = "step a\nop file.truncate /var/log/a.log\nstep b\nop file.truncate /var/log/b.log\n"
               "exit\n"},
};

static estate_t *made;

static void
make_playbook(estate_t *self, playbook_t *playbook)
{
    slice_t manifest = slice_text(playbook->manifest), script = slice_text(playbook->script);
    release_t *release = site_release_of(self->site, playbook->name, manifest, script);
    release->highest = playbook->highest;
    playbook->release = site_seal_release(self->site, release, "ana", "rita,rob");
    playbook->hash = hash_of(bytes_slice(playbook->release.document));
    CLEANUP(value_destroy) value_t *files = value_map();
    value_set_text(files, "manifest", playbook->manifest);
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
make_fleet(estate_t *self, const char *region, int first, int last)
{
    fleet_t *fleet = site_fleet(self->site, region);
    fleet->worker_count = fleet->host_count = 0;
    for (int i = first; i <= last; i++) {
        char worker[8], host[24];
        snprintf(worker, sizeof worker, "w%d", i);
        snprintf(host, sizeof host, "web%d.example", i);
        site_add_worker(self->site, fleet, worker, i % 2 ? "role=web" : "role=db");
        site_add_host(fleet, host, worker);
    }
    return site_seal_fleet(self->site, fleet, "olaf");
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

estate_t *
estate(void)
{
    if (made)
        return made;
    estate_t *self = made = memory_new(1, sizeof *self);
    self->site = site_new();
    self->north = make_fleet(self, "north", 1, 3);
    self->south = make_fleet(self, "south", 4, 5);
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
    return self;
}

int
estate_release(const hash_t *hash)
{
    for (int i = 0; i < ESTATE_PLAYBOOKS; i++)
        if (hash_equal(&made->playbooks[i].hash, hash))
            return i;
    return -1;
}
