/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/replay.h"

#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/options.h"
#include "cli/pages.h"
#include "cli/playbook_folder.h"
#include "cli/source.h"
#include "cli/subject.h"
#include "cli/table.h"
#include "cli/verdict.h"

/* What is asked for; NULL where it is not. */
typedef struct {
    const options_t *options;
    uint64_t incident;
    const char *what; /* a playbook's name, a folder, or what else a subject may be */
    const char *release, *commit, *repository;
} wanted_t;

/* What the answer stands on; all of it ours. */
typedef struct {
    trust_t *trust;
    client_t *client;
    value_t *incident, *decisions, *grants;
    alert_t *alert;
    scene_t scene;
    value_t *verdicts; /* a list */
} replay_t;

static void
replay_clear(replay_t *self)
{
    client_close(&self->client);
    trust_destroy(&self->trust);
    value_destroy(&self->incident);
    value_destroy(&self->decisions);
    value_destroy(&self->grants);
    value_destroy(&self->verdicts);
    alert_destroy(&self->alert);
}

static value_t *
ask(replay_t *self, const char *verb, const char *key, uint64_t id, fault_t *fault)
{
    value_t *arguments = value_map();
    if (key)
        value_set_integer(arguments, key, (int64_t)id);
    return client_ask(self->client, verb, arguments, fault);
}

static int
gather(replay_t *self, const wanted_t *wanted, fault_t *fault)
{
    self->trust = site_load(wanted->options, fault);
    self->client = self->trust ? client_open(wanted->options, self->trust, fault) : NULL;
    if (!self->client)
        return -1;
    self->incident = ask(self, "incident", "id", wanted->incident, fault);
    self->decisions = self->incident ? ask(self, "why", "incident", wanted->incident, fault) : NULL;
    if (!self->decisions)
        return -1;
    slice_t document = value_slice(value_get(self->incident, "alert"));
    self->alert = alert_decode(document, fault);
    if (!self->alert)
        return fault_wrap(fault, "the alert of incident %llu",
                          (unsigned long long)wanted->incident);
    const worker_line_t *worker = trust_host(self->trust, self->alert->host, NULL);
    self->grants = pages_ask_grants(self->client, worker ? worker->id : "", fault);
    if (!self->grants)
        return -1;
    self->scene = (scene_t){.trust = self->trust,
                            .alert = self->alert,
                            .document = document,
                            .armor = value_slice(value_get(self->incident, "armor")),
                            .grants = self->grants,
                            .runs = value_get(self->incident, "runs"),
                            .now = wall_now()};
    self->verdicts = value_list();
    return 0;
}

/* Revisions ----------------------------------------------------------------------------------- */

static void
judge(replay_t *self, const char *title, const manifest_t *manifest, const fetched_t *release)
{
    revision_t revision = {.title = title, .manifest = manifest};
    if (release) {
        revision.release = bytes_slice(release->document);
        revision.armors = bytes_slice(release->armors);
    }
    value_append(self->verdicts, verdict_of(&self->scene, &revision));
}

static void
judge_release(replay_t *self, const fetched_t *release)
{
    char title[160], hash[HASH_TEXT];
    snprintf(title, sizeof title, "%s %llu, release %.*s", release->release->playbook,
             (unsigned long long)release->release->sequence, VERDICT_DIGITS,
             hash_write(&release->hash, hash));
    judge(self, title, release->manifest, release);
}

/* The release in service, if it has the very files that the subject has. */
static fetched_t *
find_same(replay_t *self, subject_t *subject)
{
    fault_t ignored;
    CLEANUP(bytes_destroy) bytes_t *manifest = bytes_new();
    CLEANUP(fetched_destroy)
    fetched_t *release =
        fetch_release(self->client, self->trust, "playbook", subject->manifest->playbook, &ignored);
    manifest_encode(subject->manifest, manifest);
    value_set(subject->files, "manifest", value_bytes(bytes_slice(manifest)));
    return release && value_equal(release->files, subject->files) ? MOVE(release) : NULL;
}

/* A folder, or REVISION:FOLDER. */
static int
judge_folder(replay_t *self, const wanted_t *wanted, const char *what, fault_t *fault)
{
    char title[300], hash[HASH_TEXT];
    CLEANUP(subject_clear) subject_t subject = {0};
    if (subject_load(&subject, wanted->options, wanted->repository, what, fault))
        return -1;
    CLEANUP(fetched_destroy) fetched_t *same = find_same(self, &subject);
    if (same)
        snprintf(title, sizeof title, "%s, as release %.*s has it", subject.title, VERDICT_DIGITS,
                 hash_write(&same->hash, hash));
    judge(self, same ? title : subject.title, subject.manifest, same);
    return 0;
}

static int
judge_hash(replay_t *self, const wanted_t *wanted, fault_t *fault)
{
    CLEANUP(source_close)
    source_t *source = source_open(wanted->options, self->trust, wanted->repository, fault);
    CLEANUP(fetched_destroy)
    fetched_t *release = source ? source_candidate(source, wanted->release, fault) : NULL;
    if (!release)
        return -1;
    judge_release(self, release);
    return 0;
}

static int
judge_serving(replay_t *self, const char *playbook, fault_t *fault)
{
    CLEANUP(fetched_destroy)
    fetched_t *release = fetch_release(self->client, self->trust, "playbook", playbook, fault);
    if (!release)
        return -1;
    judge_release(self, release);
    return 0;
}

/* A playbook as a commit has it; one that it does not have is a fault only where it was named. */
static int
judge_commit(replay_t *self, const wanted_t *wanted, const char *playbook, fault_t *fault)
{
    char what[PATH_MAX];
    fault_t why = {0};
    snprintf(what, sizeof what, "%s:playbooks/%s", wanted->commit, playbook);
    if (!judge_folder(self, wanted, what, &why) || (!wanted->what && why.code == FAULT_NOT_FOUND))
        return 0;
    return fault_set(fault, why.code, "%s", why.text);
}

static int
judge_one(replay_t *self, const wanted_t *wanted, const char *playbook, fault_t *fault)
{
    return wanted->commit ? judge_commit(self, wanted, playbook, fault)
                          : judge_serving(self, playbook, fault);
}

/* Every playbook in service: the broker lists them, each is verified. */
static int
judge_all(replay_t *self, const wanted_t *wanted, fault_t *fault)
{
    CLEANUP(value_destroy) value_t *releases = pages_ask(self->client, "releases", fault);
    if (!releases)
        return -1;
    for (size_t i = 0; i < value_count(releases); i++) {
        const value_t *row = value_at(releases, i);
        if (!strcmp(value_get_text(row, "state"), "in service") &&
            judge_one(self, wanted, value_get_text(row, "playbook"), fault))
            return -1;
    }
    if (wanted->commit && !value_count(self->verdicts))
        return fault_set(fault, FAULT_NOT_FOUND,
                         "commit '%.60s' has none of the playbooks in service under playbooks/",
                         wanted->commit);
    return 0;
}

static int
judge_wanted(replay_t *self, const wanted_t *wanted, fault_t *fault)
{
    char path[PATH_MAX];
    if (wanted->release)
        return judge_hash(self, wanted, fault);
    if (!wanted->what)
        return judge_all(self, wanted, fault);
    bool named =
        wanted->commit || (text_is_name(wanted->what) &&
                           access(playbook_path(wanted->what, "playbook.lua", path), R_OK));
    return named ? judge_one(self, wanted, wanted->what, fault)
                 : judge_folder(self, wanted, wanted->what, fault);
}

/* For people and programs --------------------------------------------------------------------- */

static bool
any_fires(const value_t *verdicts)
{
    for (size_t i = 0; i < value_count(verdicts); i++)
        if (value_get_bool(value_at(verdicts, i), "fires"))
            return true;
    return false;
}

/* What the broker decided then, for comparison. */
static void
print_then(const replay_t *self, const options_t *options)
{
    puts("\nwhat happened then");
    for (size_t i = 0; i < value_count(self->decisions); i++) {
        char time[32], reason[FAULT_TEXT_MAX];
        const value_t *row = value_at(self->decisions, i);
        printf("  %s  %-3s  %s %.*s  %s\n",
               show_time(options, value_get_integer(row, "at"), time, sizeof time),
               value_get_bool(row, "acted") ? "ran" : "no", value_get_text(row, "playbook"),
               VERDICT_DIGITS, value_get_text(row, "release"),
               show_text(value_get_text(row, "reason"), reason, sizeof reason));
    }
    for (size_t i = 0; i < value_count(self->scene.runs); i++) {
        const value_t *run = value_at(self->scene.runs, i);
        printf("  run %.*s  %s  by a%s %s  %s\n", VERDICT_DIGITS, value_get_text(run, "run"),
               value_get_text(run, "playbook"),
               !strcmp(value_get_text(run, "kind"), "order") ? "n" : "",
               value_get_text(run, "kind"), value_get_text(run, "state"));
    }
    if (!value_count(self->decisions) && !value_count(self->scene.runs))
        puts("  nothing was weighed, and nothing ran");
}

static void
print_replay(const replay_t *self, const wanted_t *wanted)
{
    char title[FAULT_TEXT_MAX], host[256], time[32];
    const alert_t *alert = self->alert;
    const fleet_t *fleet = NULL;
    const worker_line_t *worker = trust_host(self->trust, alert->host, &fleet);
    bool brief = !wanted->what && !wanted->release;
    printf("incident %llu  %s  \"%s\"\n", (unsigned long long)wanted->incident, alert->severity,
           show_text(alert->title, title, sizeof title));
    printf("  alert     from %s, received %s\n", alert->source,
           show_time(wanted->options, alert->received.ms, time, sizeof time));
    printf("  host      '%s'", show_text(alert->host, host, sizeof host));
    if (worker)
        printf(" is looked after by worker %s, region %s\n", worker->id, fleet->region);
    else
        puts(" is in no fleet document, so nothing runs there by itself");
    for (size_t i = 0; i < value_count(self->verdicts); i++)
        verdict_print(value_at(self->verdicts, i), brief, stdout);
    if (!value_count(self->verdicts))
        puts("\nno playbook is in service");
    print_then(self, wanted->options);
}

static void
print_json(replay_t *self, const wanted_t *wanted)
{
    CLEANUP(value_destroy) value_t *body = value_map();
    value_set_integer(body, "incident", (int64_t)wanted->incident);
    value_set_text(body, "source", self->alert->source);
    value_set_text(body, "host", self->alert->host);
    value_set_integer(body, "received", self->alert->received.ms);
    value_set_bool(body, "fires", any_fires(self->verdicts));
    value_set(body, "playbooks", value_copy(self->verdicts));
    value_set(body, "decisions", value_copy(self->decisions));
    json_print("replay", body);
}

static int
take_arguments(wanted_t *wanted, int argc, char **argv, fault_t *fault)
{
    const option_t rows[] = {{"--release", OPTION_TEXT, &wanted->release},
                             {"--commit", OPTION_TEXT, &wanted->commit},
                             {"--repo", OPTION_TEXT, &wanted->repository},
                             {NULL, OPTION_FLAG, NULL}};
    if (options_take(rows, 1, &argc, argv, true, fault))
        return -1;
    if (argc < 2 || argc > 3 || !text_read_u64(argv[1], 1, INT64_MAX, &wanted->incident))
        return fault_set(fault, FAULT_USAGE,
                         "name an incident by its number, and then a playbook "
                         "or a folder, or neither");
    wanted->what = argc > 2 ? argv[2] : NULL;
    if (wanted->release && (wanted->what || wanted->commit))
        return fault_set(fault, FAULT_USAGE,
                         "--release names the revision: nothing goes beside it");
    if (wanted->commit && wanted->what && !text_is_name(wanted->what))
        return fault_set(fault, FAULT_USAGE, "with --commit a playbook goes by its name");
    return 0;
}

int
playbook_replay(const options_t *options, int argc, char **argv)
{
    fault_t fault = {0};
    wanted_t wanted = {.options = options};
    CLEANUP(replay_clear) replay_t self = {0};
    if (take_arguments(&wanted, argc, argv, &fault))
        return command_usage(command_row(playbook_commands, "replay"), "%s", fault.text);
    if (gather(&self, &wanted, &fault) || judge_wanted(&self, &wanted, &fault))
        return command_fail(&fault);
    if (options->json)
        print_json(&self, &wanted);
    else
        print_replay(&self, &wanted);
    return any_fires(self.verdicts) ? 0 : 1;
}
