/* SPDX-License-Identifier: Apache-2.0 */
/* tocsin keys enrol, worker, source: what an officer does with a region's fleet. */
#include <stdio.h>

#include "cli/options.h"
#include "cli/paper.h"
#include "cli/propose.h"
#include "cli/sign.h"
#include "common/file.h"
#include "wire/dossier.h"
#include "wire/enrolment.h"

/* What enrol was told. */
typedef struct {
    const char *folder, *region, *request;
    const char *labels, *fingerprint, *out;
    many_t hosts;
} wish_t;

/* The officer's own region, said before anything is written; where the key tells nothing, trust
 * says it of the signature. */
static int
check_officer(const options_t *options, const trust_t *trust, const char *region, fault_t *fault)
{
    const people_t *people = trust_people(trust);
    const person_key_t *signer = people ? propose_signer(options, people) : NULL;
    if (!people)
        return fault_set(fault, FAULT_NOT_FOUND,
                         "there is no people document yet that names an officer");
    if (!signer)
        return 0;
    for (size_t i = 0; i < people->delegate_count; i++)
        if (!strcmp(people->delegates[i].region, region) &&
            !strcmp(people->delegates[i].person, signer->person))
            return 0;
    return fault_set(fault, FAULT_ROLE,
                     "'%s' is no officer of region '%s': only those whom people delegate for it "
                     "enrol its workers",
                     signer->person, region);
}

static int
read_request(enrolment_t *request, const wish_t *wish, const trust_t *trust, fault_t *fault)
{
    CLEANUP(bytes_destroy) bytes_t *text = file_read(wish->request, ENROLMENT_BYTES_MAX, fault);
    if (!text || enrolment_decode(request, bytes_slice(text), fault))
        return fault_wrap(fault, "'%.100s'", wish->request);
    if (!hash_equal(&request->site, trust_site(trust)))
        return fault_set(fault, FAULT_SITE,
                         "'%.100s' asks to be let into another site: correct 'site' in the "
                         "worker's configuration",
                         wish->request);
    if (trust_worker(trust, request->worker, NULL))
        return fault_set(fault, FAULT_CONFLICT,
                         "worker '%s' is enrolled already; ids are never used again: name the "
                         "new worker otherwise",
                         request->worker);
    return 0;
}

/* The file may have been swapped on its way: what its operator reads aloud was not. */
static int
check_fingerprint(const options_t *options, const wish_t *wish, const enrolment_t *request,
                  fault_t *fault)
{
    char print[ENROLMENT_FINGERPRINT_TEXT], key[PUBKEY_FINGERPRINT_TEXT], curve[CURVEKEY_TEXT],
        sealing[CURVEKEY_TEXT];
    enrolment_fingerprint(request, print);
    fprintf(stderr,
            "worker       %s, of region %s\nkey          %s\nCURVE        %s\n"
            "sealing      %s\nfingerprint  %s\n",
            request->worker, wish->region, pubkey_fingerprint(&request->key, key),
            curvekey_write(&request->curve, curve), curvekey_write(&request->sealing, sealing),
            print);
    if (wish->fingerprint && strcmp(wish->fingerprint, print) != 0)
        return fault_set(fault, FAULT_KEY,
                         "the fingerprint is not '%.60s': this is not the request that the worker "
                         "made; have it sent again",
                         wish->fingerprint);
    if (wish->fingerprint)
        return 0;
    if (options->no_input)
        return fault_set(fault, FAULT_USAGE,
                         "name by --fingerprint what the worker's operator reads to you");
    if (!sign_confirm(options, "does the worker's operator read the same fingerprint to you?"))
        return fault_set(fault, FAULT_DENIED, "not enrolled: nobody said that it is the same");
    return 0;
}

static int
put_worker(const wish_t *wish, const enrolment_t *request, const char *name, fault_t *fault)
{
    char curve[CURVEKEY_TEXT];
    CLEANUP(bytes_destroy) bytes_t *key = bytes_new();
    CLEANUP(draft_destroy) draft_t *draft = keys_draft(wish->folder, name, fault);
    if (!draft)
        return -1;
    pubkey_write(&request->key, key);
    draft_drop(draft, "worker", request->worker, "");
    draft_drop(draft, "sealing", request->worker, "");
    draft_add(draft, "worker", "%s %s %s %s", request->worker, wish->labels,
              curvekey_write(&request->curve, curve), bytes_text(key));
    draft_add(draft, "sealing", "%s %s", request->worker, curvekey_write(&request->sealing, curve));
    for (size_t i = 0; i < wish->hosts.count; i++) {
        draft_drop(draft, "host", wish->hosts.at[i], "");
        draft_add(draft, "host", "%s %s", wish->hosts.at[i], request->worker);
    }
    return keys_draft_keep(wish->folder, name, draft, fault);
}

/* What the worker takes back. */
static int
write_answer(const wish_t *wish, fault_t *fault)
{
    char path[KEYS_PATH_MAX];
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    snprintf(path, sizeof path, "%s", wish->out ? wish->out : "");
    if (!wish->out)
        snprintf(path, sizeof path, "%s.answer", wish->request);
    if (dossier_read(wish->folder, wish->region, text, fault) ||
        file_write(path, bytes_slice(text), 0644, fault))
        return -1;
    printf("%s is for the worker: tocsin-worker enrol -c CONFIG %s\n", path, path);
    return 0;
}

/* Into the paper: the fleet, signed, with the worker in it. */
static int
enrol(paper_t *paper, const options_t *options, const wish_t *wish, fault_t *fault)
{
    char name[KEYS_NAME_MAX];
    enrolment_t request;
    CLEANUP(trust_destroy) trust_t *trust = keys_load(wish->folder, fault);
    if (!trust || sign_check_key(options, fault) || keys_fleet_name(wish->region, name, fault) ||
        check_officer(options, trust, wish->region, fault) ||
        read_request(&request, wish, trust, fault) ||
        check_fingerprint(options, wish, &request, fault) ||
        put_worker(wish, &request, name, fault) || paper_open(paper, wish->folder, name, fault) ||
        paper_sign(paper, options, fault))
        return -1;
    return write_answer(wish, fault);
}

int
keys_enrol(const options_t *options, int argc, char **argv)
{
    const command_t *self = command_row(keys_commands, argv[0]);
    fault_t fault;
    wish_t wish = {.labels = "-"};
    const option_t rows[] = {
        {"--labels", OPTION_TEXT, &wish.labels},
        {"--host", OPTION_MANY, &wish.hosts},
        {"--fingerprint", OPTION_TEXT, &wish.fingerprint},
        {"--out", OPTION_TEXT, &wish.out},
        {NULL, OPTION_FLAG, NULL},
    };
    if (options_take(rows, 1, &argc, argv, true, &fault))
        return command_usage(self, "%s", fault.text);
    if (argc != 4)
        return command_usage(self, "name a folder, a region and the worker's request");
    if (!labels_valid(wish.labels))
        return command_usage(self, "--labels is NAME=NAME,... ascending");
    wish.folder = argv[1], wish.region = argv[2], wish.request = argv[3];
    CLEANUP(paper_clear) paper_t paper = {.draft = false};
    return enrol(&paper, options, &wish, &fault) ? command_fail(&fault)
                                                 : paper_hand_on(&paper, options);
}

/* The worker's line with other labels. */
static int
set_labels(draft_t *draft, const char *folder, const char *worker, const char *labels,
           fault_t *fault)
{
    char curve[CURVEKEY_TEXT];
    CLEANUP(bytes_destroy) bytes_t *key = bytes_new();
    CLEANUP(trust_destroy) trust_t *trust = keys_load(folder, fault);
    if (!trust)
        return -1;
    const worker_line_t *line = trust_worker(trust, worker, NULL);
    if (!line || !draft_drop(draft, "worker", worker, ""))
        return fault_set(fault, FAULT_NOT_FOUND,
                         "worker '%.63s' is not in this fleet; 'tocsin keys enrol' lets it in",
                         worker);
    pubkey_write(&line->key, key);
    draft_add(draft, "worker", "%s %s %s %s", worker, labels, curvekey_write(&line->curve, curve),
              bytes_text(key));
    return 0;
}

int
keys_worker(const options_t *options, int argc, char **argv)
{
    (void)options;
    const command_t *self = command_row(keys_commands, argv[0]);
    fault_t fault;
    many_t hosts = {0};
    const char *labels = NULL, *sealing = NULL;
    char name[KEYS_NAME_MAX];
    const option_t rows[] = {
        {"--labels", OPTION_TEXT, &labels},
        {"--host", OPTION_MANY, &hosts},
        {"--sealing", OPTION_TEXT, &sealing},
        {NULL, OPTION_FLAG, NULL},
    };
    if (options_take(rows, 1, &argc, argv, true, &fault))
        return command_usage(self, "%s", fault.text);
    if (sealing && !keys_curve_valid(sealing))
        return command_usage(self, "--sealing is 64 hexadecimal digits");
    if (argc != 4 || (!labels && !hosts.count && !sealing))
        return command_usage(self, "name a folder, a region, a worker, and what changes");
    if (labels && !labels_valid(labels))
        return command_usage(self, "--labels is NAME=NAME,... ascending");
    if (keys_fleet_name(argv[2], name, &fault))
        return command_fail(&fault);
    CLEANUP(draft_destroy) draft_t *draft = keys_draft(argv[1], name, &fault);
    if (!draft || (labels && set_labels(draft, argv[1], argv[3], labels, &fault)))
        return command_fail(&fault);
    for (size_t i = 0; i < hosts.count; i++) {
        draft_drop(draft, "host", hosts.at[i], "");
        draft_add(draft, "host", "%s %s", hosts.at[i], argv[3]);
    }
    if (sealing) {
        draft_drop(draft, "sealing", argv[3], "");
        draft_add(draft, "sealing", "%s %s", argv[3], sealing);
    }
    return keys_draft_done(argv[1], name, draft);
}

int
keys_source(const options_t *options, int argc, char **argv)
{
    (void)options;
    fault_t fault;
    char name[KEYS_NAME_MAX];
    pubkey_t key;
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    if (argc != 4 && argc != 5)
        return command_usage(command_row(keys_commands, argv[0]),
                             "name a folder, a region, a source, and its key where it signs");
    if (keys_fleet_name(argv[2], name, &fault))
        return command_fail(&fault);
    CLEANUP(draft_destroy) draft_t *draft = keys_draft(argv[1], name, &fault);
    if (!draft || (argc == 5 && keys_read_public(argv[4], &key, &fault)))
        return command_fail(&fault);
    if (argc == 5)
        draft_drop(draft, "source", argv[3], "");
    draft_add(draft, "source", "%s", argv[3]);
    if (argc == 5) {
        pubkey_write(&key, text);
        draft_add(draft, "signer", "%s %s", argv[3], bytes_text(text));
    }
    return keys_draft_done(argv[1], name, draft);
}
