/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include "cli/changes.h"
#include "cli/fetch.h"
#include "cli/keys.h"
#include "cli/options.h"
#include "cli/plan.h"
#include "cli/sign.h"
#include "common/document.h"
#include "common/file.h"
#include "common/text.h"

#define FRESH_DEFAULT_S 300
#define DAY_S           (24 * 3600)

static const char *const grant_keys[] = {"site",     "playbook", "release", "issued", "expires",
                                         "evidence", "scope",    "budget",  "fresh",  "source",
                                         "match",    "bound",    NULL};

/* The command's options, as they were typed. */
typedef struct {
    many_t *sources, *matches, *bounds;
    const char *scope, *budget, *evidence, *release, *out;
    int64_t fresh_s, expires_s;
    bool submit;
} terms_t;

/* "3/1h" as the grant's "3 3600". */
static int
set_budget(draft_t *draft, const char *budget, fault_t *fault)
{
    char runs[16];
    size_t size = strcspn(budget, "/");
    uint64_t count, span;
    snprintf(runs, sizeof runs, "%.*s", (int)(size < sizeof runs ? size : 0), budget);
    if (!budget[size] || !text_read_u64(runs, 1, UINT32_MAX, &count) ||
        !text_read_duration(budget + size + 1, &span) || !span)
        return fault_set(fault, FAULT_USAGE, "'--budget %.40s' is not RUNS/SPAN such as 3/1h",
                         budget);
    draft_set(draft, "budget", "%llu %llu", (unsigned long long)count, (unsigned long long)span);
    return 0;
}

static int
add_matches(draft_t *draft, const many_t *matches, fault_t *fault)
{
    CLEANUP(bytes_destroy) bytes_t *escaped = bytes_new();
    for (size_t i = 0; i < matches->count; i++) {
        char field[TEXT_NAME_MAX + 16];
        const char *value;
        if (!options_pair(matches->at[i], field, sizeof field, &value))
            return fault_set(fault, FAULT_USAGE, "'--match %.80s' is not FIELD=VALUE",
                             matches->at[i]);
        bytes_clear(escaped);
        text_escape(escaped, slice_text(value));
        draft_add(draft, "match", "%s %s", field, bytes_text(escaped));
    }
    return 0;
}

static int
add_bounds(draft_t *draft, const many_t *bounds, const manifest_t *manifest, fault_t *fault)
{
    CLEANUP(bytes_destroy) bytes_t *escaped = bytes_new();
    for (size_t i = 0; i < bounds->count; i++) {
        char head[TEXT_NAME_MAX + 16];
        const char *value;
        char *kind = NULL;
        if (options_pair(bounds->at[i], head, sizeof head, &value))
            kind = strchr(head, ':');
        if (!kind)
            return fault_set(fault, FAULT_USAGE,
                             "'--bound %.80s' is not INPUT:KIND=VALUE, KIND equals, "
                             "within, under, from or to",
                             bounds->at[i]);
        *kind++ = '\0';
        if (!manifest_input(manifest, head))
            return plan_no_input(manifest, head, fault);
        bytes_clear(escaped);
        text_escape(escaped, slice_text(value));
        draft_add(draft, "bound", "%s %s %s", head, kind, bytes_text(escaped));
    }
    return 0;
}

/* An input that an alert gives and no bound holds would be refused at every worker. */
static int
check_bounded(const grant_t *grant, const manifest_t *manifest, fault_t *fault)
{
    for (size_t i = 0; i < manifest->input_count; i++) {
        const manifest_input_t *input = &manifest->inputs[i];
        if (*input->from && !grant_bounds(grant, input->name))
            return fault_set(fault, FAULT_USAGE,
                             "input '%s' comes from the alert's %s: bound it by "
                             "--bound %s:equals=... (or within, under, from, to)",
                             input->name, input->from, input->name);
        if (!*input->from && !input->has_default && !input->optional)
            return fault_set(fault, FAULT_INPUT,
                             "input '%s' has neither an alert field nor a default: a "
                             "grant cannot give it",
                             input->name);
    }
    return 0;
}

static int
write_terms(const terms_t *terms, const fetched_t *fetched, const trust_t *trust, bytes_t *out,
            fault_t *fault)
{
    char site[HASH_TEXT], release[HASH_TEXT];
    wall_t now = wall_now();
    CLEANUP(draft_destroy) draft_t *draft = draft_new("grant", grant_keys);
    draft_set(draft, "site", "%s", hash_write(trust_site(trust), site));
    draft_set(draft, "playbook", "%s", fetched->release->playbook);
    draft_set(draft, "release", "%s", hash_write(&fetched->hash, release));
    draft_set_time(draft, "issued", now);
    draft_set_time(draft, "expires", (wall_t){now.ms + terms->expires_s * 1000});
    draft_set(draft, "evidence", "%s", terms->evidence);
    draft_set(draft, "scope", "%s", terms->scope);
    draft_set(draft, "fresh", "%lld", (long long)terms->fresh_s);
    for (size_t i = 0; i < terms->sources->count; i++)
        draft_add(draft, "source", "%s", terms->sources->at[i]);
    if (set_budget(draft, terms->budget, fault) || add_matches(draft, terms->matches, fault) ||
        add_bounds(draft, terms->bounds, fetched->manifest, fault))
        return -1;
    draft_write(draft, out);
    return 0;
}

/* Workers in scope, by name; how many. */
static size_t
print_scope(const grant_t *grant, const trust_t *trust)
{
    size_t count = 0;
    fputs("  on", stderr);
    for (size_t i = 0; i < trust_fleet_count(trust); i++) {
        const fleet_t *fleet = trust_fleet(trust, i);
        for (size_t j = 0; j < fleet->worker_count; j++) {
            if (!scope_covers(grant->scope, fleet->workers[j].labels, fleet->region))
                continue;
            fprintf(stderr, " %s", fleet->workers[j].id);
            count++;
        }
    }
    fputs(count ? "\n" : " no worker at all: nothing is in this scope\n", stderr);
    return count;
}

static bool
allows_default(const grant_t *grant, const manifest_input_t *input)
{
    input_text_t text;
    fault_t none;
    text_copy(text.name, sizeof text.name, input->name);
    text_copy(text.text, sizeof text.text, input->fallback);
    return !grant_check_inputs(grant, &text, 1, &none);
}

static void
print_inputs(const grant_t *grant, const manifest_t *manifest)
{
    for (size_t i = 0; i < manifest->input_count; i++) {
        const manifest_input_t *input = &manifest->inputs[i];
        fprintf(stderr, "  with %s", input->name);
        if (!grant_bounds(grant, input->name))
            fprintf(stderr, " %s%s", input->optional ? "left out" : "= ", input->fallback);
        for (size_t j = 0; j < grant->bound_count; j++)
            if (!strcmp(grant->bounds[j].input, input->name))
                fprintf(stderr, " %s %s", grant->bounds[j].kind, grant->bounds[j].value);
        if (input->optional && grant_bounds(grant, input->name))
            fputs(", or left out", stderr);
        if (input->has_default && *input->from && !allows_default(grant, input))
            fputs("; nothing begins where the alert has none", stderr);
        fputc('\n', stderr);
    }
}

static void
print_ops(const manifest_t *manifest)
{
    for (size_t i = 0; i < manifest->use_count; i++)
        fprintf(stderr, "  step %s may %s: %s\n", manifest->uses[i].step,
                class_word(manifest->uses[i].class_), manifest->uses[i].op);
}

/* Whom its steps ask and tell. */
static void
print_people(const manifest_t *manifest)
{
    for (const manifest_step_t *step = manifest->steps;
         step < manifest->steps + manifest->step_count; step++) {
        CLEANUP(bytes_destroy) bytes_t *does = bytes_new();
        if (step->kind == STEP_RUN)
            continue;
        changes_step(manifest, step, does);
        fprintf(stderr, "  step %s %s\n", step->name, bytes_text(does));
    }
}

/* A run under a grant has no release but the grant's, so it calls nothing. */
static int
check_calls(const manifest_t *manifest, fault_t *fault)
{
    for (size_t i = 0; i < manifest->step_count; i++)
        if (manifest->steps[i].kind == STEP_CALL)
            return fault_set(fault, FAULT_CONFLICT,
                             "step '%s' of '%s' calls '%s', which no run under a grant may: order "
                             "it, or grant '%s' by itself",
                             manifest->steps[i].name, manifest->playbook, manifest->steps[i].callee,
                             manifest->steps[i].callee);
    return 0;
}

static bool
source_signs(const trust_t *trust, const char *source)
{
    for (size_t i = 0; i < trust_fleet_count(trust); i++)
        for (size_t k = 0; k < trust_fleet(trust, i)->signer_count; k++)
            if (!strcmp(trust_fleet(trust, i)->signers[k].source, source))
                return true;
    return false;
}

static void
print_signed(const grant_t *grant, const trust_t *trust)
{
    fputs("  only on alerts that are signed at their source\n", stderr);
    for (size_t i = 0; i < grant->source_count; i++)
        if (!source_signs(trust, grant->sources[i]))
            fprintf(stderr, "  and source '%s' has no signer in any fleet: nothing of it will do\n",
                    grant->sources[i]);
    fputs("\n", stderr);
}

static void
print_evidence(const grant_t *grant, class_t highest, const trust_t *trust)
{
    if (grant->evidence == EVIDENCE_SIGNED)
        print_signed(grant, trust);
    else if (highest == CLASS_OBSERVE)
        fputs("  on the broker's word that a source with the right token sent the alert\n\n",
              stderr);
    else
        fputs("  ON THE BROKER'S WORD ALONE that a source with the right token sent the alert: who "
              "owns\n  the broker makes alerts up (--evidence signed asks for the source's "
              "signature)\n\n",
              stderr);
}

/* What an enemy who can raise any matching alert could make of it. */
static void
print_worst_case(const grant_t *grant, const fetched_t *fetched, const trust_t *trust)
{
    uint64_t life_s = (uint64_t)(grant->expires.ms - grant->issued.ms) / 1000;
    uint64_t spans = (life_s + grant->budget_s - 1) / grant->budget_s;
    fprintf(stderr, "worst case: nobody orders it, and release %llu of %s runs\n",
            (unsigned long long)fetched->release->sequence, grant->playbook);
    size_t workers = print_scope(grant, trust);
    print_inputs(grant, fetched->manifest);
    print_ops(fetched->manifest);
    print_people(fetched->manifest);
    fprintf(stderr,
            "  %llu times in %llu s on each worker; in its %llu days about %llu times each, "
            "%llu in all\n",
            (unsigned long long)grant->budget_runs, (unsigned long long)grant->budget_s,
            (unsigned long long)(life_s / DAY_S), (unsigned long long)spans * grant->budget_runs,
            (unsigned long long)spans * grant->budget_runs * workers);
    print_evidence(grant, fetched->release->highest, trust);
}

static int
submit_grant(client_t *client, slice_t document, slice_t armors, fault_t *fault)
{
    value_t *arguments = value_map();
    value_set_text(arguments, "kind", "grant");
    value_set(arguments, "document", value_bytes(document));
    value_set(arguments, "armors", value_bytes(armors));
    CLEANUP(value_destroy) value_t *body = client_ask(client, "submit", arguments, fault);
    return body ? 0 : fault_wrap(fault, "the grant is signed, but not submitted");
}

/* The file's other signatures, if it holds these same bytes already. */
static bytes_t *
armors_before(const char *path, slice_t document)
{
    char signatures[KEYS_PATH_MAX];
    fault_t absent;
    CLEANUP(bytes_destroy) bytes_t *kept = file_read(path, DOCUMENT_BYTES_MAX, &absent);
    if (!kept || !slice_equal(bytes_slice(kept), document))
        return bytes_new();
    snprintf(signatures, sizeof signatures, "%s.sigs", path);
    bytes_t *armors = file_read(signatures, SIGNATURES_BYTES_MAX, &absent);
    return armors ? armors : bytes_new();
}

static int
sign_grant(const options_t *options, slice_t document, bytes_t *armors, fault_t *fault)
{
    fwrite(document.data, 1, document.size, stderr);
    if (!sign_confirm(options, "sign this grant, as it is?"))
        return fault_set(fault, FAULT_DENIED,
                         "not signed: nobody said yes (--no-input signs without asking)");
    return sign_document(options, SIGN_GRANT, document, armors, NULL, fault);
}

static int
keep_grant(const char *path, slice_t document, slice_t armors, fault_t *fault)
{
    char signatures[KEYS_PATH_MAX];
    snprintf(signatures, sizeof signatures, "%s.sigs", path);
    if (file_write(path, document, 0644, fault))
        return -1;
    return file_write(signatures, armors, 0644, fault);
}

/* A new grant by the terms, or the one in terms->out to be signed by one more responder. */
static bytes_t *
grant_text(const terms_t *terms, const fetched_t *fetched, const trust_t *trust, fault_t *fault)
{
    if (!terms->sources->count)
        return file_read(terms->out, DOCUMENT_BYTES_MAX, fault);
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    return write_terms(terms, fetched, trust, text, fault) ? NULL : MOVE(text);
}

static int
make_grant(const options_t *options, const terms_t *terms, const fetched_t *fetched, trust_t *trust,
           client_t *client, fault_t *fault)
{
    CLEANUP(bytes_destroy) bytes_t *text = grant_text(terms, fetched, trust, fault);
    CLEANUP(grant_destroy) grant_t *grant = text ? grant_decode(bytes_slice(text), fault) : NULL;
    if (!grant || check_calls(fetched->manifest, fault) ||
        check_bounded(grant, fetched->manifest, fault))
        return -1;
    if (!hash_equal(&grant->release, &fetched->hash))
        return fault_set(fault, FAULT_STALE,
                         "'%.100s' is for another release than the one in service; "
                         "name it by --release",
                         terms->out);
    if (fetched->release->highest == CLASS_DESTRUCTIVE)
        return fault_set(fault, FAULT_CLASS, "'%s' is destructive: no grant reaches that",
                         grant->playbook);
    print_worst_case(grant, fetched, trust);
    CLEANUP(bytes_destroy) bytes_t *armors = armors_before(terms->out, bytes_slice(text));
    if (sign_grant(options, bytes_slice(text), armors, fault))
        return -1;
    fault_t short_of = {0};
    CLEANUP(grant_destroy)
    grant_t *holds =
        trust_check_grant(trust, bytes_slice(text), bytes_slice(armors), wall_now(), &short_of);
    /* One signature that does not count would spoil the others: it is not kept. */
    if (!holds && short_of.code != FAULT_QUORUM) {
        *fault = short_of;
        return fault_wrap(fault, "this signature is not kept");
    }
    if (keep_grant(terms->out, bytes_slice(text), bytes_slice(armors), fault))
        return -1;
    if (!holds) {
        *fault = short_of;
        return fault_wrap(fault,
                          "'%.100s' is signed and waits for more (tocsin keys grant %s --out FILE)",
                          terms->out, grant->playbook);
    }
    if (terms->submit && submit_grant(client, bytes_slice(text), bytes_slice(armors), fault))
        return -1;
    printf("%s %s\n", terms->out,
           terms->submit ? "is submitted" : "is ready; name it in the broker's configuration");
    return 0;
}

int
keys_grant(const options_t *options, int argc, char **argv)
{
    const command_t *self = command_row(keys_commands, argv[0]);
    fault_t fault;
    CLEANUP(memory_free) many_t *lists = memory_new(3, sizeof *lists);
    terms_t terms = {.sources = &lists[0],
                     .matches = &lists[1],
                     .bounds = &lists[2],
                     .evidence = "token",
                     .fresh_s = FRESH_DEFAULT_S,
                     .expires_s = 30 * DAY_S};
    const option_t rows[] = {
        {"--source", OPTION_MANY, &lists[0]},
        {"--match", OPTION_MANY, &lists[1]},
        {"--bound", OPTION_MANY, &lists[2]},
        {"--scope", OPTION_TEXT, &terms.scope},
        {"--budget", OPTION_TEXT, &terms.budget},
        {"--fresh", OPTION_SECONDS, &terms.fresh_s},
        {"--expires", OPTION_SECONDS, &terms.expires_s},
        {"--release", OPTION_TEXT, &terms.release},
        {"--evidence", OPTION_TEXT, &terms.evidence},
        {"--out", OPTION_TEXT, &terms.out},
        {"--submit", OPTION_FLAG, &terms.submit},
        {NULL, OPTION_FLAG, NULL},
    };
    if (options_take(rows, 1, &argc, argv, true, &fault))
        return command_usage(self, "%s", fault.text);
    if (argc != 2 || !terms.out)
        return command_usage(self, "name a playbook and the --out file");
    if (terms.sources->count && (!terms.scope || !terms.budget || !terms.matches->count))
        return command_usage(self, "a grant needs --scope, --budget and --match");
    CLEANUP(trust_destroy) trust_t *trust = site_load(options, &fault);
    CLEANUP(client_close) client_t *client = trust ? client_open(options, trust, &fault) : NULL;
    CLEANUP(fetched_destroy)
    fetched_t *fetched = client ? fetch_release(client, trust, terms.release ? "hash" : "playbook",
                                                terms.release ? terms.release : argv[1], &fault)
                                : NULL;
    if (!fetched || make_grant(options, &terms, fetched, trust, client, &fault))
        return command_fail(&fault);
    return 0;
}
