/* SPDX-License-Identifier: Apache-2.0 */
/* tocsin doctor: a whole site from where the person stands; tocsin keys doctor: its documents. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/away.h"
#include "cli/allowances.h"
#include "cli/checkup.h"
#include "cli/client.h"
#include "cli/keys.h"
#include "cli/pages.h"
#include "cli/stop.h"
#include "cli/table.h"
#include "common/file.h"
#include "common/text.h"
#include "common/version.h"

extern char **environ;

#define SKEW_WARNING_MS 60000              /* by which the broker's clock may be off ours */
#define SKEW_PROBLEM_MS (5 * 60 * 1000)    /* from here on signatures are refused */
#define GONE_PROBLEM_MS (60 * 60 * 1000)   /* a worker that was away so long */
#define DISK_PROBLEM    ((int64_t)1 << 30) /* bytes */
#define DISK_PERCENT    10
#define WORD_MAX        200

/* ---- this machine -------------------------------------------------------------------------- */

static bool
has_landlock(void)
{
    return syscall(SYS_landlock_create_ruleset, NULL, 0, 1) > 0;
}

static bool
has_seccomp(void)
{
    return prctl(PR_GET_SECCOMP, 0, 0, 0, 0) >= 0;
}

static bool
has_namespaces(void)
{
    fault_t absent;
    uint64_t most = 0;
    CLEANUP(bytes_destroy)
    bytes_t *text = file_read("/proc/sys/user/max_user_namespaces", WORD_MAX, &absent);
    if (text && text->size)
        text->data[text->size - 1] = '\0';
    return text && text_read_u64(bytes_text(text), 0, INT64_MAX, &most) && most;
}

/* The first line that a program prints, on either output; false where it does not end well. */
static bool
first_line(const char *program, const char *argument, char out[static WORD_MAX])
{
    const char *const argv[] = {program, argument, NULL};
    int ends[2], status = -1;
    pid_t pid;
    posix_spawn_file_actions_t actions;
    *out = '\0';
    if (pipe2(ends, O_CLOEXEC))
        return false;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
    int failed =
        posix_spawnp(&pid, program, &actions, NULL, (char *const *)(uintptr_t)argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    ssize_t got = failed ? 0 : read(ends[0], out, WORD_MAX - 1);
    close(ends[0]);
    out[got > 0 ? got : 0] = '\0';
    out[strcspn(out, "\n")] = '\0';
    while (!failed && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return !status && *out;
}

/* "OpenSSH_9.2p1 ...": -Y sign came with 8.2, and keys whose touch is verified with 8.4. */
static void
look_at_ssh(value_t *list)
{
    char line[WORD_MAX];
    unsigned major = 0, minor = 0;
    if (!first_line("ssh", "-V", line) || sscanf(line, "OpenSSH_%3u.%3u", &major, &minor) != 2)
        symptoms_add(list, SYMPTOM_PROBLEM, "this machine", "install openssh-client",
                     "no OpenSSH is here: nothing can be signed");
    else if (major * 100 + minor < 804)
        symptoms_add(list, SYMPTOM_PROBLEM, "this machine", "install OpenSSH 8.4 or later",
                     "%.80s does not sign as it must", line);
}

static void
look_at_machine(value_t *list)
{
    char line[WORD_MAX];
    if (!has_seccomp())
        symptoms_add(list, SYMPTOM_PROBLEM, "this machine", "use a kernel with CONFIG_SECCOMP",
                     "no seccomp: neither workers nor 'playbook test' run here");
    if (!has_landlock())
        symptoms_add(list, SYMPTOM_WARNING, "this machine", "boot with lsm=landlock,...",
                     "no Landlock: playbooks are held by seccomp alone");
    if (!has_namespaces())
        symptoms_add(list, SYMPTOM_WARNING, "this machine",
                     "set user.max_user_namespaces with sysctl",
                     "no namespaces: a worker's ops are less confined");
    look_at_ssh(list);
    if (!first_line("git", "--version", line))
        symptoms_add(list, SYMPTOM_WARNING, "this machine", "install git",
                     "no git is here: playbooks cannot be fetched or pushed by hand");
}

/* ---- the person ---------------------------------------------------------------------------- */

static void
look_at_person(const options_t *options, value_t *list)
{
    if (!options->key || !*options->key)
        symptoms_add(list, SYMPTOM_WARNING, "you", "name it by --key FILE or TOCSIN_KEY",
                     "no SSH key is named: you can look, and sign nothing");
    else if (access(options->key, R_OK))
        symptoms_add(list, SYMPTOM_PROBLEM, "you", "correct --key or TOCSIN_KEY",
                     "no SSH key is in '%s'", options->key);
}

/* ---- the broker ---------------------------------------------------------------------------- */

static void
look_at_clock(const char *whose, const value_t *status, value_t *list)
{
    int64_t now = value_get_integer(status, "now");
    int64_t off_ms = now ? now - wall_now().ms : 0;
    int64_t size = off_ms < 0 ? -off_ms : off_ms;
    if (size > SKEW_WARNING_MS)
        symptoms_add(list, size > SKEW_PROBLEM_MS ? SYMPTOM_PROBLEM : SYMPTOM_WARNING, "clock",
                     "synchronise both", "the %s is %" PRId64 " s %s this machine", whose,
                     size / 1000, off_ms < 0 ? "behind" : "before");
}

static void
look_at_version(const value_t *status, value_t *list)
{
    const char *version = value_get_text(status, "version");
    if (strcmp(version, TOCSIN_VERSION) != 0)
        symptoms_add(list, SYMPTOM_WARNING, "broker", "bring both to one version",
                     "it is tocsin %s, and this is %s", *version ? version : "of before 0.1.0",
                     TOCSIN_VERSION);
}

static void
look_at_disk(const value_t *status, value_t *list)
{
    const value_t *disk = value_get(status, "disk");
    int64_t size = value_get_integer(disk, "size"), room = value_get_integer(disk, "free");
    if (size && (room < DISK_PROBLEM || room * 100 / size < DISK_PERCENT))
        symptoms_add(list, room < DISK_PROBLEM ? SYMPTOM_PROBLEM : SYMPTOM_WARNING, "broker",
                     "make room: without it no alert is taken",
                     "%" PRId64 " MiB of %" PRId64 " are free where its record is", room >> 20,
                     size >> 20);
}

static void
look_at_catalog(const value_t *status, value_t *list)
{
    const char *error = value_get_text(value_get(status, "catalog"), "error");
    if (*error)
        symptoms_add(list, SYMPTOM_PROBLEM, "catalog", "look at its repository and its uid", "%s",
                     error);
}

static void
look_at_sinks(const options_t *options, const value_t *status, value_t *list)
{
    const value_t *sinks = value_get(status, "sinks");
    for (size_t i = 0; i < value_count(sinks); i++) {
        const value_t *sink = value_at(sinks, i);
        char where[TEXT_NAME_MAX + 16], time[32];
        int64_t since = value_get_integer(sink, "since");
        snprintf(where, sizeof where, "sink %.63s", value_get_text(sink, "name"));
        if (since)
            symptoms_add(list, SYMPTOM_PROBLEM, where,
                         "look at its URL and its other end: notices are given up after 24 hours",
                         "has taken nothing since %s (%" PRId64 " tries): %s",
                         show_time(options, since, time, sizeof time),
                         value_get_integer(sink, "tries"), value_get_text(sink, "reason"));
    }
}

static void
look_at_uplink(const value_t *status, value_t *list)
{
    const value_t *uplink = value_get(status, "uplink");
    if (uplink && !value_get_bool(uplink, "heard"))
        symptoms_add(list, SYMPTOM_WARNING, "uplink",
                     "look at the link, and whether people list both brokers",
                     "broker %.63s does not answer: it lacks up to %" PRId64
                     " leaves, which it gets when it does",
                     value_get_text(uplink, "name"), value_get_integer(uplink, "behind"));
}

static void
look_at_freezes(const value_t *status, value_t *list)
{
    const value_t *freezes = value_get(status, "freezes");
    for (size_t i = 0; i < value_count(freezes); i++) {
        const value_t *freeze = value_at(freezes, i);
        const char *region = value_get_text(freeze, "region");
        symptoms_add(list, SYMPTOM_WARNING, *region ? region : "site", "",
                     "freeze '%s': no automatic run begins now", value_get_text(freeze, "name"));
    }
}

static value_t *
ask_list(client_t *client, const char *verb, value_t *list)
{
    fault_t fault;
    value_t *rows = pages_ask(client, verb, &fault);
    if (!rows)
        symptoms_add(list, SYMPTOM_PROBLEM, "broker", "", "does not answer '%s': %s", verb,
                     fault.text);
    return rows;
}

static void
look_at_holds(client_t *client, value_t *list)
{
    CLEANUP(value_destroy) value_t *brakes = ask_list(client, "brakes", list);
    CLEANUP(value_destroy) value_t *stops = ask_list(client, "stops", list);
    for (size_t i = 0; i < value_count(brakes); i++) {
        const value_t *row = value_at(brakes, i);
        const char *region = value_get_text(row, "region");
        if (value_get_bool(row, "on"))
            symptoms_add(list, SYMPTOM_WARNING, strcmp(region, "-") ? region : "site",
                         "tocsin brake off --reason TEXT",
                         "the brake is on, no automatic run begins: %s",
                         value_get_text(row, "reason"));
    }
    for (size_t i = 0; i < value_count(stops); i++) {
        const value_t *row = value_at(stops, i);
        size_t missing = stop_missing(row);
        stop_state_t state = stop_state(row);
        if (state == STOP_PAST)
            continue;
        symptoms_add(
            list, missing ? SYMPTOM_PROBLEM : SYMPTOM_WARNING,
            strcmp(value_get_text(row, "name"), "-") ? value_get_text(row, "name") : "site",
            state == STOP_HOLDS ? "tocsin resume, by two officers" : "tocsin stop list names them",
            "the %s is %s, %zu worker%s not reached: %s", value_get_text(row, "what"),
            state == STOP_HOLDS ? "stopped" : "revoked", missing, missing == 1 ? " was" : "s were",
            value_get_text(row, "reason"));
    }
}

/* No run comes to it any more, and its fleet lists it still. */
static void
look_at_revoked(const options_t *options, const value_t *row, const char *where, value_t *list)
{
    char remedy[512];
    snprintf(remedy, sizeof remedy, "tocsin keys drop %s fleet.%s worker %s", options->site,
             value_get_text(row, "region"), value_get_text(row, "id"));
    symptoms_add(list, SYMPTOM_WARNING, where, remedy, "its fleet still lists it: %s",
                 value_get_text(row, "revoked"));
}

static void
look_at_workers(const options_t *options, client_t *client, value_t *list)
{
    CLEANUP(value_destroy) value_t *workers = ask_list(client, "workers", list);
    CLEANUP(value_destroy) value_t *dark = away_regions(workers);
    for (size_t i = 0; i < value_count(dark); i++) {
        const value_t *row = value_at(dark, i);
        char where[TEXT_NAME_MAX + 16];
        snprintf(where, sizeof where, "region %.63s", value_get_text(row, "region"));
        symptoms_add(list, SYMPTOM_PROBLEM, where, "look at its link",
                     "none of its %lld workers is online",
                     (long long)value_get_integer(row, "workers"));
    }
    for (size_t i = 0; i < value_count(workers); i++) {
        const value_t *row = value_at(workers, i);
        char where[TEXT_NAME_MAX + 16], words[AWAY_WORDS_MAX];
        int64_t seen = value_get_integer(row, "seen");
        snprintf(where, sizeof where, "worker %.63s", value_get_text(row, "id"));
        if (value_get(row, "revoked"))
            look_at_revoked(options, row, where, list);
        else if (!value_get_bool(row, "online"))
            symptoms_add(list,
                         wall_now().ms - seen > GONE_PROBLEM_MS ? SYMPTOM_PROBLEM : SYMPTOM_WARNING,
                         where, "look at the machine and its way to the broker", "offline, %s",
                         away_words(options, row, words));
    }
}

/* Versions that the broker has, against those of this folder: one of the two is behind. */
static void
look_at_documents(const char *whose, const value_t *status, const trust_t *trust, value_t *list)
{
    const value_t *documents = value_get(status, "documents");
    char name[TEXT_NAME_MAX + 16];
    for (size_t i = 0; i < value_count(documents); i++) {
        slice_t key = value_key(documents, i);
        uint64_t theirs = (uint64_t)value_number(value_at(documents, i)), ours = 0;
        snprintf(name, sizeof name, "%.*s", (int)key.size, (const char *)key.data);
        if (!strcmp(name, "root"))
            ours = trust_root(trust)->version;
        else if (!strcmp(name, "people"))
            ours = trust_people(trust)->version;
        for (size_t k = 0; k < trust_fleet_count(trust); k++)
            if (!strncmp(name, "fleet.", 6) && !strcmp(name + 6, trust_fleet(trust, k)->region))
                ours = trust_fleet(trust, k)->version;
        if (ours != theirs)
            symptoms_add(list, SYMPTOM_PROBLEM, name, "bring the newer one to the other's folder",
                         "the %s has version %" PRIu64 ", this folder %" PRIu64, whose, theirs,
                         ours);
    }
}

/* What machines ask for that nobody can give. */
static void
look_at_policies(client_t *client, const trust_t *trust, value_t *list)
{
    fault_t ignored;
    CLEANUP(allowances_clear) allowances_t allowances = {0};
    CLEANUP(memory_free)
    const char **workers = memory_new(ALLOWANCES_MAX, sizeof *workers);
    size_t count = 0;
    for (size_t i = 0; i < trust_fleet_count(trust); i++) {
        const fleet_t *fleet = trust_fleet(trust, i);
        for (size_t k = 0; k < fleet->worker_count && count < ALLOWANCES_MAX; k++)
            workers[count++] = fleet->workers[k].id;
    }
    if (allowances_fetch(&allowances, client, trust, workers, count, &ignored))
        return;
    for (size_t i = 0; i < allowances.count; i++)
        checkup_allowance(trust, &allowances.at[i], list);
}

static void
look_at_broker(const options_t *options, const trust_t *trust, value_t *list)
{
    fault_t fault;
    CLEANUP(client_close) client_t *client = client_open(options, trust, &fault);
    CLEANUP(value_destroy)
    value_t *status = client ? client_ask(client, "status", NULL, &fault) : NULL;
    if (!status) {
        symptoms_add(list, SYMPTOM_UNREACHABLE, "broker",
                     "runs go on at the workers; look at --server, the network, and the broker",
                     "%s", fault.text);
        return;
    }
    look_at_clock("broker", status, list);
    look_at_version(status, list);
    look_at_disk(status, list);
    look_at_documents("broker", status, trust, list);
    look_at_catalog(status, list);
    look_at_sinks(options, status, list);
    look_at_uplink(status, list);
    look_at_freezes(status, list);
    look_at_holds(client, list);
    look_at_workers(options, client, list);
    look_at_policies(client, trust, list);
}

/* Where root names one. */
static void
look_at_timekeeper(const options_t *options, const trust_t *trust, value_t *list)
{
    fault_t fault;
    if (!trust_root(trust)->timekeeper.name[0])
        return;
    CLEANUP(client_close) client_t *client = client_open_timekeeper(options, trust, &fault);
    CLEANUP(value_destroy)
    value_t *status = client ? client_ask(client, "status", NULL, &fault) : NULL;
    if (!status) {
        symptoms_add(list, SYMPTOM_UNREACHABLE, "timekeeper",
                     "without beacons classes fall away; look at TOCSIN_TIMEKEEPER, and at it",
                     "%s", fault.text);
        return;
    }
    int64_t late_ms = wall_now().ms - value_get_integer(status, "made");
    look_at_clock("timekeeper", status, list);
    look_at_documents("timekeeper", status, trust, list);
    if (late_ms > 2 * value_get_integer(status, "beat") + SKEW_WARNING_MS)
        symptoms_add(list, SYMPTOM_PROBLEM, "timekeeper", "look at its log",
                     "its newest beacon is %" PRId64 " s old", late_ms / 1000);
}

static int
doctor(const options_t *options, int argc, char **argv)
{
    fault_t fault;
    if (argc != 1)
        return command_usage(&doctor_commands[0], "'%s' does not belong here", argv[1]);
    CLEANUP(value_destroy) value_t *list = value_list();
    look_at_machine(list);
    look_at_person(options, list);
    CLEANUP(trust_destroy) trust_t *trust = site_load(options, &fault);
    if (trust) {
        checkup(trust, options->site, wall_now(), list);
        look_at_broker(options, trust, list);
        look_at_timekeeper(options, trust, list);
    } else {
        symptoms_add(list, SYMPTOM_PROBLEM, "site", "copy its folder to TOCSIN_SITE", "%s",
                     fault.text);
    }
    return symptoms_finish(options, list);
}

int
keys_doctor(const options_t *options, int argc, char **argv)
{
    fault_t fault;
    if (argc > 2)
        return command_usage(command_row(keys_commands, argv[0]), "name at most one folder");
    const char *folder = argc > 1 ? argv[1] : options->site;
    CLEANUP(trust_destroy) trust_t *trust = keys_load(folder, &fault);
    if (!trust)
        return command_fail(&fault);
    CLEANUP(value_destroy) value_t *list = value_list();
    checkup(trust, folder, wall_now(), list);
    return symptoms_finish(options, list);
}

const command_t doctor_commands[] = {
    {"doctor", NULL, doctor, "", "what is wrong with site, broker, workers, this machine"},
    {NULL, NULL, NULL, NULL, NULL},
};
