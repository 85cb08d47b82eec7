/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/stop.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "cli/options.h"
#include "cli/pages.h"
#include "cli/run.h"
#include "cli/table.h"

#define WAIT_DEFAULT_S 5
#define POLL_MS        100
#define DIGITS         12

size_t
stop_missing(const value_t *row)
{
    return value_count(value_get(row, "missing")) + (size_t)value_get_integer(row, "more_missing");
}

size_t
stop_confirmed(const value_t *row)
{
    return value_count(value_get(row, "confirmed")) +
           (size_t)value_get_integer(row, "more_confirmed");
}

value_t *
stop_ask(client_t *client, const char *prefix, fault_t *fault)
{
    value_t *arguments = value_map();
    value_set_text(arguments, "hash", prefix);
    return client_ask(client, "stops", arguments, fault);
}

stop_state_t
stop_state(const value_t *row)
{
    halt_what_t what;
    if (value_get(row, "lifted") || !halt_read(value_get_text(row, "what"), &what) ||
        what == HALT_RUN)
        return STOP_PAST;
    if (!halt_revokes(what))
        return STOP_HOLDS;
    return stop_missing(row) ? STOP_REVOKES : STOP_PAST;
}

static bool
has_part_in(const value_t *run, const trust_t *trust, const char *region)
{
    const value_t *parts = value_get(run, "parts");
    for (size_t i = 0; i < value_count(parts); i++) {
        const fleet_t *fleet = NULL;
        const char *worker = value_get_text(value_at(parts, i), "worker");
        if (trust_worker(trust, worker, &fleet) && !strcmp(fleet->region, region))
            return true;
    }
    return false;
}

/* By the order itself, whose hash the run's id is. A grant's playbook calls nothing. */
static bool
runs_playbook(const value_t *run, const char *playbook)
{
    char id[HASH_TEXT];
    const value_t *document = value_get(run, "document");
    CLEANUP(order_destroy)
    order_t *order = document ? order_decode(value_slice(document), NULL) : NULL;
    hash_t hash = order ? hash_of(value_slice(document)) : HASH_ZERO;
    if (!strcmp(playbook, value_get_text(run, "playbook")))
        return true;
    if (!order || strcmp(hash_write(&hash, id), value_get_text(run, "run")) != 0)
        return false;
    for (size_t i = 0; i < order->release_count; i++)
        if (!strcmp(order->releases[i].playbook, playbook))
            return true;
    return false;
}

static bool
is_over(const value_t *stop, const value_t *run, const trust_t *trust)
{
    const char *what = value_get_text(stop, "what"), *name = value_get_text(stop, "name");
    if (value_get(stop, "lifted"))
        return false;
    return !strcmp(what, "site") ||
           (!strcmp(what, "run") && !strcmp(name, value_get_text(run, "run"))) ||
           (!strcmp(what, "playbook") && runs_playbook(run, name)) ||
           (!strcmp(what, "region") && has_part_in(run, trust, name));
}

static value_t *
told_of(const value_t *stop, const value_t *run)
{
    char reason[FAULT_TEXT_MAX];
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    const char *what = value_get_text(stop, "what"), *name = value_get_text(stop, "name");
    bool called = !strcmp(what, "playbook") && strcmp(name, value_get_text(run, "playbook")) != 0;
    bool named = called || !strcmp(what, "region");
    size_t missing = stop_missing(stop);
    bytes_addf(text, "STOPPED: the %s%s%s%s: %s (%zu worker%s not reached: tocsin stop list)", what,
               named ? " " : "", named ? name : "", called ? ", which it calls" : "",
               show_text(value_get_text(stop, "reason"), reason, sizeof reason), missing,
               missing == 1 ? "" : "s");
    value_t *row = value_map();
    value_set_text(row, "hash", value_get_text(stop, "hash"));
    value_set_text(row, "text", bytes_text(text));
    return row;
}

value_t *
stop_over(const value_t *stops, const value_t *run, const trust_t *trust)
{
    value_t *list = value_list();
    for (size_t i = 0; i < value_count(stops); i++)
        if (is_over(value_at(stops, i), run, trust))
            value_append(list, told_of(value_at(stops, i), run));
    return list;
}

static int
fill_nonce(char nonce[static 33], fault_t *fault)
{
    uint8_t random[16];
    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
        return fault_errno(fault, "random bytes");
    hex_encode(slice_of(random, sizeof random), nonce);
    return 0;
}

/* Worked out from the order, whose hash the run is; of anything else nobody here can tell. */
static wall_t
end_of(const session_t *session, const char *name)
{
    fault_t ignored;
    char digits[HASH_TEXT];
    CLEANUP(value_destroy) value_t *run = run_ask(session->client, name, &ignored);
    const value_t *document = run ? value_get(run, "document") : NULL;
    hash_t hash = document ? hash_of(value_slice(document)) : HASH_ZERO;
    if (strcmp(hash_write(&hash, digits), name) != 0)
        return (wall_t){0};
    CLEANUP(order_destroy) order_t *order = order_decode(value_slice(document), &ignored);
    return order ? order_end(order) : (wall_t){0};
}

int
stop_send(session_t *session, const options_t *options, halt_what_t what, const char *name,
          const char *reason, char hash[static HASH_TEXT], fault_t *fault)
{
    stop_t stop = {.site = *trust_site(session->trust), .what = what, .created = wall_second()};
    CLEANUP(bytes_destroy) bytes_t *document = bytes_new();
    if (options_reason(reason, stop.reason, sizeof stop.reason, fault) ||
        fill_nonce(stop.nonce, fault))
        return -1;
    if (!text_copy(stop.name, sizeof stop.name, name))
        return fault_set(fault, FAULT_USAGE, "'%.80s' is no name", name);
    wall_t until = what == HALT_RUN ? end_of(session, name) : (wall_t){0};
    if (until.ms > stop.created.ms)
        stop.until = until;
    stop_encode(&stop, document);
    hash_t of = hash_of(bytes_slice(document));
    hash_write(&of, hash);
    bool revokes = halt_revokes(what);
    const char *kind = revokes ? "revoke" : "stop";
    CLEANUP(bytes_destroy) bytes_t *armors = bytes_new();
    if (sign_shown(options, revokes ? SIGN_REVOKE : SIGN_STOP, kind, bytes_slice(document), armors,
                   fault))
        return -1;
    return session_spread(session, options, kind, bytes_slice(document), bytes_slice(armors),
                          fault);
}

/* ---- who has heard ------------------------------------------------------------------------- */

static const value_t *
find_stop(const value_t *stops, const char *prefix, fault_t *fault)
{
    const value_t *found = NULL;
    for (size_t i = 0; i < value_count(stops); i++) {
        const value_t *row = value_at(stops, i);
        if (strncmp(value_get_text(row, "hash"), prefix, strlen(prefix)) != 0)
            continue;
        if (found) {
            fault_set(fault, FAULT_CONFLICT, "more than one stop begins with '%.64s'", prefix);
            return NULL;
        }
        found = row;
    }
    if (!found)
        fault_set(fault, FAULT_NOT_FOUND, "no stop begins with '%.64s'; see: tocsin stop list",
                  prefix);
    return found;
}

static void
print_workers(const char *what, const value_t *list, size_t count)
{
    size_t shown = value_count(list);
    if (!count)
        return;
    printf("  %-16s", what);
    for (size_t i = 0; i < shown; i++)
        printf(" %s", value_string(value_at(list, i)));
    if (count > shown)
        printf(" and %zu more", count - shown);
    putchar('\n');
}

int
stop_follow(const session_t *session, const options_t *options, const char *hash, int64_t wait_s,
            fault_t *fault)
{
    mono_t begun = mono_now();
    for (;;) {
        CLEANUP(value_destroy) value_t *stops = stop_ask(session->client, hash, fault);
        if (!stops && session->unreached && fault->code == FAULT_UNREACHABLE)
            return (int)session->unreached; /* the broker, as was said */
        const value_t *stop = stops ? find_stop(stops, hash, fault) : NULL;
        if (!stop)
            return -1;
        size_t missing = stop_missing(stop);
        bool late = mono_now().ms - begun.ms >= wait_s * 1000;
        if (missing && !late && !client_interrupted(session->client)) {
            fault_t ignored;
            CLEANUP(value_destroy)
            value_t *event = client_event(session->client, POLL_MS, &ignored);
            continue;
        }
        if (options->json) {
            json_print("stop", stop);
        } else {
            print_workers("confirmed by", value_get(stop, "confirmed"), stop_confirmed(stop));
            print_workers("NOT YET REACHED", value_get(stop, "missing"), missing);
        }
        return (int)(missing + session->unreached);
    }
}

/* ---- tocsin stop ----------------------------------------------------------------------------- */

static void
print_stops(const options_t *options, const value_t *stops)
{
    static const char *const headings[] = {"STOP",   "WHAT",      "NAME",    "SINCE",  "BY",
                                           "LIFTED", "CONFIRMED", "MISSING", "REASON", NULL};
    CLEANUP(table_destroy) table_t *table = table_new(headings);
    for (size_t i = 0; i < value_count(stops); i++) {
        const value_t *row = value_at(stops, i), *who = value_get(row, "who");
        char id[DIGITS + 1], name[DIGITS + 1], since[32], lifted[32], confirmed[24], missing[24],
            reason[128];
        snprintf(id, sizeof id, "%s", value_get_text(row, "hash"));
        snprintf(name, sizeof name, "%s", value_get_text(row, "name"));
        snprintf(confirmed, sizeof confirmed, "%zu", stop_confirmed(row));
        snprintf(missing, sizeof missing, "%zu", stop_missing(row));
        table_row(
            table,
            (const char *const[]){
                id, value_get_text(row, "what"),
                strcmp(value_get_text(row, "what"), "run") ? value_get_text(row, "name") : name,
                show_time(options, value_get_integer(row, "created"), since, sizeof since),
                value_count(who) ? value_string(value_at(who, 0)) : "-",
                show_time(options, value_get_integer(row, "lifted"), lifted, sizeof lifted),
                confirmed, missing,
                show_text(value_get_text(row, "reason"), reason, sizeof reason)});
    }
    table_print(table);
}

static int
list_stops(const options_t *options)
{
    fault_t fault;
    CLEANUP(value_destroy) value_t *stops = client_look(options, "stops", NULL, &fault);
    if (!stops)
        return command_fail(&fault);
    if (options->json)
        json_print("stops", stops);
    else if (value_count(stops))
        print_stops(options, stops);
    else
        puts("nothing is stopped");
    return 0;
}

/* A misspelt region would be stopped at once, by all of its no workers. */
static int
check_region(const trust_t *trust, const char *region, fault_t *fault)
{
    CLEANUP(bytes_destroy) bytes_t *names = bytes_new();
    for (size_t i = 0; i < trust_fleet_count(trust); i++) {
        if (!strcmp(trust_fleet(trust, i)->region, region))
            return 0;
        bytes_addf(names, "%s%s", i ? ", " : "", trust_fleet(trust, i)->region);
    }
    return fault_set(fault, FAULT_NOT_FOUND, "no fleet is of region '%.63s'; there are: %.128s",
                     region, names->size ? bytes_text(names) : "none");
}

/* Likewise a playbook; which there are is the broker's word only, so it is stopped all the same. */
static void
warn_of_playbook(const session_t *session, const char *playbook)
{
    fault_t ignored;
    CLEANUP(value_destroy)
    value_t *releases = pages_ask(session->client, "releases", &ignored);
    for (size_t i = 0; i < value_count(releases); i++)
        if (!strcmp(value_get_text(value_at(releases, i), "playbook"), playbook))
            return;
    fprintf(stderr, "tocsin: the broker knows no playbook '%s'; see: tocsin playbook list\n",
            playbook);
}

/* A run's whole hash, of its first digits; a region that there is. */
static int
whole_name(const session_t *session, halt_what_t what, const char *said,
           char name[static HASH_TEXT], fault_t *fault)
{
    if (what == HALT_REGION && check_region(session->trust, said, fault))
        return -1;
    if (what != HALT_RUN && !text_copy(name, HASH_TEXT, said))
        return fault_set(fault, FAULT_USAGE, "'%.80s' is no name", said);
    if (what == HALT_PLAYBOOK)
        warn_of_playbook(session, name);
    if (what != HALT_RUN)
        return 0;
    hash_t whole;
    CLEANUP(value_destroy) value_t *run = run_ask(session->client, said, fault);
    if (!run && !hash_read(said, &whole)) /* all its digits do without the broker */
        return -1;
    text_copy(name, HASH_TEXT, run ? value_get_text(run, "run") : said);
    return 0;
}

/* Said before it is signed: on a small site nobody could lift it. */
static void
warn_of_officers(const trust_t *trust)
{
    const people_t *people = trust_people(trust);
    const char *first = NULL;
    for (size_t i = 0; i < people->key_count; i++) {
        const person_key_t *key = &people->keys[i];
        if (!(key->roles & ROLE_OFFICER))
            continue;
        if (first && strcmp(first, key->person) != 0)
            return;
        first = key->person;
    }
    fprintf(stderr,
            "tocsin: two officers lift a stop, and people lists %s: it stays until they "
            "list another (tocsin keys person)\n",
            first ? "one" : "none");
}

static int
stop(const options_t *options, int argc, char **argv)
{
    fault_t fault;
    halt_what_t what;
    const char *reason = "";
    char name[HASH_TEXT], hash[HASH_TEXT];
    const option_t rows[] = {{"--reason", OPTION_TEXT, &reason}, {NULL, OPTION_FLAG, NULL}};
    if (options_take(rows, 1, &argc, argv, true, &fault))
        return command_usage(stop_commands, "%s", fault.text);
    if (argc == 2 && !strcmp(argv[1], "list"))
        return list_stops(options);
    if (argc < 2 || !halt_read(argv[1], &what) || halt_revokes(what) ||
        argc != (what == HALT_SITE ? 2 : 3))
        return command_usage(stop_commands,
                             "say what to stop: run RUN, playbook NAME, region NAME, or site");
    if (!*reason)
        return command_usage(stop_commands, "say why: --reason TEXT");
    CLEANUP(session_close) session_t session = {.trust = NULL};
    if (session_open(&session, options, &fault) ||
        whole_name(&session, what, what == HALT_SITE ? "-" : argv[2], name, &fault))
        return command_fail(&fault);
    if (what != HALT_RUN)
        warn_of_officers(session.trust);
    if (stop_send(&session, options, what, name, reason, hash, &fault))
        return command_fail(&fault);
    int missing = stop_follow(&session, options, hash,
                              options->wait_s < 0 ? WAIT_DEFAULT_S : options->wait_s, &fault);
    if (missing < 0)
        return command_fail(&fault);
    if (what != HALT_RUN && !options->json)
        printf("  lift it, with another officer: tocsin resume %.*s --reason \"...\"\n", DIGITS,
               hash);
    return missing ? fault_exit(FAULT_UNKNOWN) : 0;
}

const command_t stop_commands[] = {
    {"stop", NULL, stop,
     "run RUN | playbook NAME | region NAME | site, --reason TEXT [--wait=5s]; or: stop list",
     "halt it between two ops; says who has confirmed and who has not been reached"},
    {NULL, NULL, NULL, NULL, NULL},
};
