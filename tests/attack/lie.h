/* SPDX-License-Identifier: Apache-2.0 */
/* lie - what a byzantine broker offers. A plan is an offer as it ought to be, before anybody signs:
 * an attack changes one thing in it, in the text that is signed, or in what is sent. */
#ifndef TOCSIN_TESTS_LIE_H
#define TOCSIN_TESTS_LIE_H

#include <dirent.h>
#include <unistd.h>

#include "keys/curve.h"
#include "keys/grant.h"
#include "keys/release.h"
#include "tests/attack/forge.h"
#include "wire/message.h"
#include "wire/value.h"

#define PEERS_MAX 8

typedef struct {
    hash_t run;
    bool by_grant;
    bytes_t *authority, *armors, *alert, *alert_armor;
    hash_t release_hash;
    bytes_t *release, *release_armors;
    value_t *files;
    value_t *receipts; /* of the wave before; NULL for none */
} lie_t;

typedef struct {
    const char *worker;
    bool by_grant;
    order_t *order;
    grant_t *grant;
    alert_t *alert;
    release_t *release;
    value_t *files;
    const char *signers, *authors, *approvers; /* people, a space between two */
    const char *sealers;                       /* likewise, who sign the alert; NULL: nobody */
    const char *cosigners;                     /* likewise, of an order; NULL: nobody */
    forge_t how_sealed;                        /* the alert's signature */
    forge_t how, how_approved;                 /* the authority's and the approvals' signatures */
} plan_t;

typedef struct {
    const char *listen, *curve, *signing_key, *site, *worker, *host, *path, *loot, *callee, *people,
        *state;
    unsigned number; /* of plans made */
    bool deaf;       /* while it floods */
    lie_t last;      /* that was accepted */
    wall_t issued;   /* of the grant that several alerts draw on */
} enemy_t;

/* An attack. The hooks may be NULL. */
typedef struct {
    const char *name; /* as shared lists of attacks have it, and what varies */
    const char *code; /* of the refusal; "none" where it must be accepted */
    void (*plan)(enemy_t *self, plan_t *plan);
    void (*edit)(bytes_t *document); /* the order or grant, before it is signed */
    void (*lie)(enemy_t *self, lie_t *lie);
    const char *script; /* instead of the playbook's run */
    bool begins;        /* it is no attack: an effect is right */
} attack_t;

static inline void
lie_clear(lie_t *self)
{
    bytes_destroy(&self->authority);
    bytes_destroy(&self->armors);
    bytes_destroy(&self->alert);
    bytes_destroy(&self->alert_armor);
    bytes_destroy(&self->release);
    bytes_destroy(&self->release_armors);
    value_destroy(&self->files);
    value_destroy(&self->receipts);
    *self = (lie_t){0};
}

static inline lie_t
lie_copy(const lie_t *from)
{
    lie_t self = *from;
    self.authority = bytes_copy(bytes_slice(from->authority));
    self.armors = bytes_copy(bytes_slice(from->armors));
    self.alert = bytes_copy(bytes_slice(from->alert));
    self.alert_armor = bytes_copy(bytes_slice(from->alert_armor));
    self.release = bytes_copy(bytes_slice(from->release));
    self.release_armors = bytes_copy(bytes_slice(from->release_armors));
    self.files = value_copy(from->files);
    self.receipts = from->receipts ? value_copy(from->receipts) : NULL;
    return self;
}

static inline void
plan_clear(plan_t *self)
{
    order_destroy(&self->order);
    grant_destroy(&self->grant);
    alert_destroy(&self->alert);
    release_destroy(&self->release);
    value_destroy(&self->files);
}

/* ---- an offer as it ought to be ---------------------------------------------------------- */

static inline void
read_files(value_t *files, const char *folder, const char *below)
{
    char path[4096], name[600];
    snprintf(path, sizeof path, "%s/files/%s", folder, below);
    DIR *open = opendir(path);
    for (struct dirent *entry; open && (entry = readdir(open));) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(name, sizeof name, "%s%s%s", below, *below ? "/" : "", entry->d_name);
        if (entry->d_type == DT_DIR) {
            read_files(files, folder, name);
            continue;
        }
        snprintf(path, sizeof path, "%s/files", folder);
        CLEANUP(bytes_destroy) bytes_t *bytes = forge_read(path, name, "");
        value_set(files, name, value_bytes(bytes_slice(bytes)));
    }
    if (open)
        closedir(open);
}

/* The release lists the files as they are now. */
static inline void
plan_seal(plan_t *self)
{
    release_t *release = self->release;
    release->file_count = value_count(self->files);
    for (size_t i = 0; i < release->file_count; i++) {
        slice_t name = value_key(self->files, i), bytes = value_slice(value_at(self->files, i));
        release_file_t *file = &release->files[i];
        snprintf(file->path, sizeof file->path, "%.*s", (int)name.size, (const char *)name.data);
        file->bytes = bytes.size;
        file->hash = hash_of(bytes);
        if (!strcmp(file->path, "manifest"))
            release->manifest = file->hash;
    }
}

/* A release that no worker has yet: one that was proved before is not asked for again. */
static inline void
plan_fresh(enemy_t *self, plan_t *plan)
{
    plan->release->sequence = 100 + self->number;
}

static inline void
plan_order(enemy_t *self, plan_t *plan)
{
    order_t *order = plan->order = memory_new(1, sizeof *order);
    hash_read(self->site, &order->site);
    text_copy(order->playbook, sizeof order->playbook, plan->release->playbook);
    text_copy(order->reason, sizeof order->reason, "the log is too large");
    order->created = order->not_before = (wall_t){wall_now().ms / 1000 * 1000};
    order->not_after = order->undo_until = (wall_t){order->created.ms + 600000};
    snprintf(order->nonce, sizeof order->nonce, "%024x%08x", (unsigned)getpid(), self->number);
    order->release_count = order->input_count = order->target_count = 1;
    text_copy(order->releases[0].playbook, TEXT_NAME_MAX + 1, plan->release->playbook);
    text_copy(order->inputs[0].name, TEXT_NAME_MAX + 1, "path");
    snprintf(order->inputs[0].text, ORDER_VALUE_MAX, "%s/x.log.1", self->path);
    order->targets = memory_new(8, sizeof *order->targets);
    order->targets[0].wave = 1;
    text_copy(order->targets[0].target, TEXT_NAME_MAX + 1, self->worker);
}

static inline void
plan_grant(enemy_t *self, plan_t *plan)
{
    grant_t *grant = plan->grant = grant_new();
    hash_read(self->site, &grant->site);
    text_copy(grant->playbook, sizeof grant->playbook, plan->release->playbook);
    grant->issued = (wall_t){wall_now().ms / 1000 * 1000 - 1000 * self->number};
    grant->expires = (wall_t){grant->issued.ms + INT64_C(86400000)};
    text_copy(grant->scope, sizeof grant->scope, "any");
    grant->budget_runs = 3;
    grant->budget_s = 3600;
    grant->fresh_s = 300;
    grant->source_count = grant->match_count = 1;
    grant->bound_count = 2;
    text_copy(grant->sources[0], TEXT_NAME_MAX + 1, "demo");
    grant->matches[0] = (match_t){"labels.alertname", "LogTooLarge"};
    grant->bounds[0] = (input_bound_t){"path", "under", ""};
    text_copy(grant->bounds[0].value, ORDER_VALUE_MAX, self->path);
    grant->bounds[1] = (input_bound_t){"unit", "equals", "web"};
}

static inline void
alert_label(alert_t *alert, size_t at, const char *name, const char *value)
{
    label_t *label = at < alert->label_count ? &alert->labels[at]
                                             : alert_add_label(&alert->labels, &alert->label_count);
    text_copy(label->name, sizeof label->name, name);
    text_copy(label->value, sizeof label->value, value);
}

/* An alert that nobody sent, as a broker can make it up where a grant takes its word. */
static inline void
plan_alert(enemy_t *self, plan_t *plan)
{
    char path[ORDER_VALUE_MAX];
    alert_t *alert = plan->alert = memory_new(1, sizeof *alert);
    hash_read(self->site, &alert->site);
    text_copy(alert->source, sizeof alert->source, "demo");
    snprintf(alert->fingerprint, sizeof alert->fingerprint, "enemy-%d-%u", getpid(), self->number);
    alert->firing = true;
    alert->received = alert->starts = wall_now();
    text_copy(alert->severity, sizeof alert->severity, "critical");
    snprintf(alert->host, sizeof alert->host, "%s.example", self->worker);
    text_copy(alert->title, sizeof alert->title, "made up by the broker");
    snprintf(path, sizeof path, "%s/x.log.1", self->path);
    alert_label(alert, 0, "alertname", "LogTooLarge");
    alert_label(alert, 1, "path", path);
    alert_label(alert, 2, "unit", "web");
}

/* A playbook whose one step runs this, and may ask for whatever it says it uses. */
static inline void
plan_script(plan_t *plan, const char *script)
{
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    bytes_addf(text,
               "return playbook { name = 'wipe', summary = 'attack',\n"
               "  inputs = { path = input.path {}, unit = input.name { default = 'web' } },\n"
               "  step 'remove' { uses = { 'file.remove', 'file.truncate' },\n"
               "    run = function(ctx) %s end } }\n",
               script);
    value_set(plan->files, "playbook.lua", value_bytes(bytes_slice(text)));
    plan_seal(plan);
}

static inline plan_t
plan_make(enemy_t *self, const attack_t *attack)
{
    fault_t fault = {0};
    CLEANUP(bytes_destroy) bytes_t *release = forge_read(self->loot, "release", "");
    plan_t plan = {.worker = self->worker,
                   .files = value_map(),
                   .signers = "dung",
                   .authors = "khoa",
                   .approvers = "ana binh"};
    self->number++;
    plan.release = release_decode(bytes_slice(release), &fault);
    if (!plan.release)
        forge_die(fault.text);
    read_files(plan.files, self->loot, "");
    plan_seal(&plan);
    if (attack->script)
        plan_script(&plan, attack->script);
    plan_order(self, &plan);
    plan_grant(self, &plan);
    plan_alert(self, &plan);
    if (attack->plan)
        attack->plan(self, &plan);
    return plan;
}

/* ---- signed ------------------------------------------------------------------------------ */

static inline void
sign_by(const enemy_t *self, const forge_t *how, const char *people, purpose_t purpose,
        slice_t message, bytes_t *armors)
{
    char names[256];
    char *rest = names;
    snprintf(names, sizeof names, "%s", people);
    for (char *name; (name = strsep(&rest, " "));) {
        forge_t fido = *how;
        if (!strcmp(name, "phuc") && !fido.application) { /* his key is a FIDO key */
            fido.application = "ssh:";
            fido.flags |= SIGNATURE_TOUCHED;
        }
        if (*name)
            forge_sign(strcmp(name, "phuc") ? how : &fido, self->people, name,
                       purpose_namespace(purpose), message, armors);
    }
}

static inline void
lie_release(const enemy_t *self, const plan_t *plan, lie_t *lie)
{
    static const forge_t plain = {0};
    lie->release = bytes_new();
    lie->release_armors = bytes_new();
    release_encode(plan->release, lie->release);
    slice_t document = bytes_slice(lie->release);
    lie->release_hash = hash_of(document);
    lie->files = value_copy(plan->files);
    sign_by(self, &plain, plan->authors, SIGN_AUTHOR, document, lie->release_armors);
    sign_by(self, &plan->how_approved, plan->approvers, SIGN_APPROVE, document,
            lie->release_armors);
}

static inline void
lie_authority(const enemy_t *self, plan_t *plan, const attack_t *attack, lie_t *lie)
{
    for (size_t i = 0; i < plan->order->release_count; i++)
        if (hash_equal(&plan->order->releases[i].hash, &HASH_ZERO))
            plan->order->releases[i].hash = lie->release_hash;
    if (hash_equal(&plan->grant->release, &HASH_ZERO))
        plan->grant->release = lie->release_hash;
    if (plan->by_grant)
        grant_encode(plan->grant, lie->authority);
    else
        order_encode(plan->order, lie->authority);
    if (attack->edit)
        attack->edit(lie->authority);
    sign_by(self, &plan->how, plan->signers, plan->by_grant ? SIGN_GRANT : SIGN_ORDER,
            bytes_slice(lie->authority), lie->armors);
    if (plan->cosigners)
        sign_by(self, &plan->how, plan->cosigners, SIGN_COSIGN, bytes_slice(lie->authority),
                lie->armors);
}

static inline lie_t
lie_make(enemy_t *self, const attack_t *attack, const char **worker)
{
    CLEANUP(plan_clear) plan_t plan = plan_make(self, attack);
    lie_t lie = {.by_grant = plan.by_grant,
                 .authority = bytes_new(),
                 .armors = bytes_new(),
                 .alert = bytes_new(),
                 .alert_armor = bytes_new()};
    *worker = plan.worker;
    lie_release(self, &plan, &lie);
    lie_authority(self, &plan, attack, &lie);
    lie.run = hash_of(bytes_slice(lie.authority));
    if (plan.by_grant) {
        alert_encode(plan.alert, lie.alert);
        sign_by(self, &plan.how_sealed, plan.sealers ? plan.sealers : "", SIGN_ALERT,
                bytes_slice(lie.alert), lie.alert_armor);
        lie.run = grant_run(&lie.run, plan.alert);
    }
    if (attack->lie)
        attack->lie(self, &lie);
    return lie;
}

/* An offer that is right but for what this hook changes; NULL for nothing. */
static inline lie_t
lie_planned(enemy_t *self, void (*plan)(enemy_t *self, plan_t *plan))
{
    const attack_t attack = {.name = "", .code = "none", .plan = plan};
    const char *worker;
    return lie_make(self, &attack, &worker);
}

#endif
