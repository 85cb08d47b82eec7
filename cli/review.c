/* SPDX-License-Identifier: Apache-2.0 */
/* tocsin review: what waits, what it can newly do, and a signature under it. */
#include <stdio.h>
#include <stdlib.h>

#include "cli/changes.h"
#include "cli/client.h"
#include "cli/options.h"
#include "cli/propose.h"
#include "cli/sign.h"
#include "cli/source.h"
#include "cli/table.h"
#include "common/text.h"
#include "wire/rejection.h"

/* What every verb of review stands on. */
typedef struct {
    const options_t *options;
    const char *repository; /* --repo, or NULL for the broker */
    const char *reason;     /* --reason, of reject */
    bool all, since_mine;
    trust_t *trust;
    source_t *source;
} review_t;

static void
review_clear(review_t *self)
{
    source_close(&self->source);
    trust_destroy(&self->trust);
}

/* Takes the options, checks how many words are left, opens the source. */
static int
begin(review_t *self, int *argc, char **argv, int least, int most, fault_t *fault)
{
    const option_t rows[] = {{"--repo", OPTION_TEXT, &self->repository},
                             {"--all", OPTION_FLAG, &self->all},
                             {"--since-mine", OPTION_FLAG, &self->since_mine},
                             {"--reason", OPTION_TEXT, &self->reason},
                             {NULL, OPTION_FLAG, NULL}};
    if (options_take(rows, 1, argc, argv, true, fault))
        return -1;
    if (*argc - 1 < least || (most >= 0 && *argc - 1 > most))
        return fault_set(fault, FAULT_USAGE,
                         least ? "name a release by digits of its hash: tocsin review %s RELEASE"
                               : "tocsin review %s takes no names",
                         argv[0]);
    self->trust = site_load(self->options, fault);
    if (self->trust)
        self->source = source_open(self->options, self->trust, self->repository, fault);
    return self->source ? 0 : -1;
}

static void
join(const value_t *list, char *out, size_t size)
{
    size_t used = 0;
    snprintf(out, size, "-");
    for (size_t i = 0; i < value_count(list) && used < size; i++)
        used += (size_t)snprintf(out + used, size - used, "%s%s", i ? " " : "",
                                 value_string(value_at(list, i)));
}

/* Why it waits, and who said no. */
static void
write_reason(const value_t *row, char *out, size_t size)
{
    const value_t *rejected = value_get(row, "rejected");
    size_t used = (size_t)snprintf(out, size, "%s", value_get_text(row, "reason"));
    for (size_t i = 0; i < value_count(rejected) && used < size; i++)
        used += (size_t)snprintf(out + used, size - used, "%srejected by %s: %s", used ? "; " : "",
                                 value_get_text(value_at(rejected, i), "who"),
                                 value_get_text(value_at(rejected, i), "reason"));
}

static void
add_row(table_t *table, const value_t *row)
{
    char hash[16], sequence[24], authors[256], approvers[256], needed[48];
    char name[128], why[2 * FAULT_TEXT_MAX], reason[2 * FAULT_TEXT_MAX];
    write_reason(row, why, sizeof why);
    join(value_get(row, "authors"), authors, sizeof authors);
    join(value_get(row, "approvers"), approvers, sizeof approvers);
    snprintf(hash, sizeof hash, "%.12s", value_get_text(row, "hash"));
    snprintf(sequence, sizeof sequence, "%lld", (long long)value_get_integer(row, "sequence"));
    snprintf(needed, sizeof needed, "%zu of %lld", value_count(value_get(row, "approvers")),
             (long long)value_get_integer(row, "needed"));
    const char *const cells[] = {hash,
                                 show_text(value_get_text(row, "playbook"), name, sizeof name),
                                 sequence,
                                 value_get_text(row, "class"),
                                 value_get_text(row, "state"),
                                 authors,
                                 needed,
                                 approvers,
                                 show_text(why, reason, sizeof reason)};
    table_row(table, cells);
}

static value_t *
waiting_only(const value_t *list, bool all)
{
    value_t *rows = value_list();
    for (size_t i = 0; i < value_count(list); i++)
        if (all || !strcmp(value_get_text(value_at(list, i), "state"), "waiting"))
            value_append(rows, value_copy(value_at(list, i)));
    return rows;
}

static int
review_list(const options_t *options, int argc, char **argv)
{
    static const char *const headings[] = {"RELEASE", "PLAYBOOK",  "SEQUENCE", "CLASS", "STATE",
                                           "AUTHORS", "APPROVALS", "BY",       "",      NULL};
    fault_t fault = {0};
    CLEANUP(review_clear) review_t self = {.options = options};
    CLEANUP(table_destroy) table_t *table = NULL;
    CLEANUP(value_destroy) value_t *list = NULL;
    if (!begin(&self, &argc, argv, 0, 0, &fault))
        list = source_list(self.source, &fault);
    if (!list)
        return command_fail(&fault);
    CLEANUP(value_destroy) value_t *rows = waiting_only(list, self.all);
    if (options->json) {
        json_print("releases", rows);
        return 0;
    }
    if (!value_count(rows)) {
        printf("no release %s\n", self.all ? "is known" : "waits (--all shows the rest)");
        return 0;
    }
    table = table_new(headings);
    for (size_t i = 0; i < value_count(rows); i++)
        add_row(table, value_at(rows, i));
    table_print(table);
    return 0;
}

/* Who said no to it, as the broker tells: a list of {who, reason, at}; empty where it does not. */
static value_t *
rejections_of(const review_t *self, const fetched_t *candidate)
{
    fault_t ignored;
    char hash[HASH_TEXT];
    hash_write(&candidate->hash, hash);
    CLEANUP(value_destroy) value_t *list = source_list(self->source, &ignored);
    for (size_t i = 0; i < value_count(list); i++) {
        const value_t *row = value_at(list, i), *rejected = value_get(row, "rejected");
        if (rejected && !strcmp(value_get_text(row, "hash"), hash))
            return value_copy(rejected);
    }
    return value_list();
}

static void
print_rejections(const value_t *rejected, FILE *out)
{
    char reason[FAULT_TEXT_MAX];
    for (size_t i = 0; i < value_count(rejected); i++)
        fprintf(out, "REJECTED by %s: %s\n", value_get_text(value_at(rejected, i), "who"),
                show_text(value_get_text(value_at(rejected, i), "reason"), reason, sizeof reason));
}

/* The release that this one is compared with; NULL without a fault for a first one. */
static fetched_t *
base_of(const review_t *self, const fetched_t *candidate, fault_t *fault)
{
    const char *me = NULL;
    if (self->since_mine) {
        const person_key_t *signer = propose_signer(self->options, trust_people(self->trust));
        if (!signer) {
            fault_set(fault, FAULT_USAGE,
                      "--since-mine: nobody in the people document has your "
                      "key; name it by --key FILE or TOCSIN_KEY");
            return NULL;
        }
        me = signer->person;
    }
    return source_before(self->source, candidate, me, fault);
}

static value_t *
people_of(const signers_t *signers)
{
    value_t *list = value_list();
    for (size_t i = 0; i < signers->count; i++)
        value_append(list, value_text(signers->person[i]));
    return list;
}

/* All that `review view` shows, as --json gives it. */
static value_t *
view_of(const fetched_t *candidate, const fetched_t *base, fault_t *fault)
{
    char hash[HASH_TEXT];
    CLEANUP(bytes_destroy) bytes_t *code = bytes_new();
    if (changes_code(base ? base->files : NULL, candidate->files, code, fault))
        return NULL;
    value_t *view = value_map();
    value_set_text(view, "hash", hash_write(&candidate->hash, hash));
    value_set_text(view, "playbook", candidate->release->playbook);
    value_set_text(view, "summary", candidate->manifest->summary);
    value_set_integer(view, "sequence", (int64_t)candidate->release->sequence);
    value_set_text(view, "class", class_word(candidate->release->highest));
    value_set(view, "authors", people_of(&candidate->approvals.authors));
    value_set(view, "approvers", people_of(&candidate->approvals.approvers));
    value_set_integer(view, "needed", candidate->approvals.needed);
    value_set(view, "changes", changes_of(base ? base->manifest : NULL, candidate->manifest));
    value_set(view, "code", value_bytes(bytes_slice(code)));
    if (base) {
        value_set_text(view, "before", hash_write(&base->hash, hash));
        value_set_integer(view, "before_sequence", (int64_t)base->release->sequence);
    }
    return view;
}

static void
print_approvals(const value_t *view)
{
    char names[512];
    size_t count = value_count(value_get(view, "approvers"));
    int64_t missing = value_get_integer(view, "needed") - (int64_t)count;
    join(value_get(view, "authors"), names, sizeof names);
    printf("signed by its author%s %s; ", value_count(value_get(view, "authors")) == 1 ? "" : "s",
           names);
    join(value_get(view, "approvers"), names, sizeof names);
    if (count)
        printf("approved by %s; ", names);
    if (missing > 0)
        printf("%lld approval%s missing\n", (long long)missing, missing == 1 ? " is" : "s are");
    else
        printf("nothing is missing\n");
}

static void
print_head(const value_t *view)
{
    char summary[512];
    printf("release %.12s  %s %lld (%s)  \"%s\"\n", value_get_text(view, "hash"),
           value_get_text(view, "playbook"), (long long)value_get_integer(view, "sequence"),
           value_get_text(view, "class"),
           show_text(value_get_text(view, "summary"), summary, sizeof summary));
    print_approvals(view);
    print_rejections(value_get(view, "rejected"), stdout);
    if (value_get(view, "before"))
        printf("\nwhat it can do, against %lld (%.12s)\n",
               (long long)value_get_integer(view, "before_sequence"),
               value_get_text(view, "before"));
    else
        printf("\nwhat it can do (nothing to compare it with)\n");
    if (!value_count(value_get(view, "changes")))
        printf("  nothing new\n");
    changes_print(value_get(view, "changes"), stdout);
}

static int
review_view(const options_t *options, int argc, char **argv)
{
    fault_t fault = {0};
    CLEANUP(review_clear) review_t self = {.options = options};
    CLEANUP(fetched_destroy) fetched_t *candidate = NULL;
    CLEANUP(fetched_destroy) fetched_t *base = NULL;
    if (!begin(&self, &argc, argv, 1, 1, &fault))
        candidate = source_candidate(self.source, argv[1], &fault);
    if (candidate)
        base = base_of(&self, candidate, &fault);
    CLEANUP(value_destroy)
    value_t *view = candidate && !fault.code ? view_of(candidate, base, &fault) : NULL;
    if (!view)
        return command_fail(&fault);
    value_set(view, "rejected", rejections_of(&self, candidate));
    if (options->json) {
        json_print("review", view);
        return 0;
    }
    print_head(view);
    printf("\n");
    changes_print_code(value_slice(value_get(view, "code")), stdout);
    printf("\nto approve it: tocsin review approve %s\n", value_get_text(view, "hash"));
    return 0;
}

/* The code alone; 1 where there are differences. */
static int
review_diff(const options_t *options, int argc, char **argv)
{
    fault_t fault = {0};
    CLEANUP(review_clear) review_t self = {.options = options};
    CLEANUP(fetched_destroy) fetched_t *candidate = NULL;
    CLEANUP(fetched_destroy) fetched_t *base = NULL;
    CLEANUP(bytes_destroy) bytes_t *code = bytes_new();
    if (!begin(&self, &argc, argv, 1, 1, &fault))
        candidate = source_candidate(self.source, argv[1], &fault);
    if (candidate)
        base = base_of(&self, candidate, &fault);
    if (!candidate || fault.code ||
        changes_code(base ? base->files : NULL, candidate->files, code, &fault))
        return command_fail(&fault);
    if (options->json) {
        CLEANUP(value_destroy) value_t *body = value_map();
        value_set_bool(body, "differs", code->size > 0);
        value_set(body, "code", value_bytes(bytes_slice(code)));
        json_print("diff", body);
    } else {
        changes_print_code(bytes_slice(code), stdout);
    }
    return code->size ? 1 : 0;
}

/* What trust would not count anyway, said before somebody touches a key. */
static int
may_approve(const fetched_t *candidate, const person_key_t *signer, fault_t *fault)
{
    if (!signer)
        return fault_set(fault, FAULT_KEY, "nobody in the people document has this key");
    for (size_t i = 0; i < candidate->release->author_count; i++)
        if (!strcmp(candidate->release->authors[i], signer->person))
            return fault_set(fault, FAULT_ROLE,
                             "you ('%s') are an author of this release; somebody else has to "
                             "approve it",
                             signer->person);
    if (!(signer->roles & ROLE_REVIEWER))
        return fault_set(fault, FAULT_ROLE,
                         "'%s' is no reviewer; sign with a reviewer's key: --key FILE",
                         signer->person);
    if (signer->highest < candidate->release->highest)
        return fault_set(
            fault, FAULT_CLASS, "this key of '%s' may approve up to %s, and the release is %s",
            signer->person, class_word(signer->highest), class_word(candidate->release->highest));
    return 0;
}

static bool
approved_already(const fetched_t *candidate, const person_key_t *signer)
{
    const signers_t *approvers = &candidate->approvals.approvers;
    for (size_t i = 0; signer && i < approvers->count; i++)
        if (!strcmp(approvers->person[i], signer->person))
            return true;
    return false;
}

/* The code, the document as it is signed, and what it means, on standard error: they are the
 * question. A short name may mean another release than the one that was viewed. */
static int
ask(const review_t *self, const fetched_t *candidate, fault_t *fault)
{
    char question[160];
    CLEANUP(fetched_destroy) fetched_t *base = base_of(self, candidate, fault);
    if (fault->code)
        return -1;
    CLEANUP(value_destroy)
    value_t *changes = changes_of(base ? base->manifest : NULL, candidate->manifest);
    CLEANUP(bytes_destroy) bytes_t *code = bytes_new();
    if (changes_code(base ? base->files : NULL, candidate->files, code, fault))
        return -1;
    changes_print_code(bytes_slice(code), stderr);
    fputs(bytes_text(candidate->document), stderr);
    if (base)
        fprintf(stderr, "against %llu:\n", (unsigned long long)base->release->sequence);
    changes_print(changes, stderr);
    CLEANUP(value_destroy) value_t *rejected = rejections_of(self, candidate);
    print_rejections(rejected, stderr);
    snprintf(question, sizeof question, "Approve %s %llu (%s)?", candidate->release->playbook,
             (unsigned long long)candidate->release->sequence,
             class_word(candidate->release->highest));
    if (!sign_confirm(self->options, question))
        return fault_set(fault, FAULT_DENIED,
                         "not approved: nobody said yes (--no-input approves without asking)");
    return 0;
}

static int
sign_and_submit(const review_t *self, const fetched_t *candidate, fault_t *fault)
{
    pubkey_t key;
    const people_t *people = trust_people(self->trust);
    CLEANUP(bytes_destroy) bytes_t *armor = bytes_new();
    if (sign_document(self->options, SIGN_APPROVE, bytes_slice(candidate->document), armor, &key,
                      fault) ||
        may_approve(candidate, people ? people_find(people, &key) : NULL, fault))
        return -1;
    return source_approve(self->source, candidate, bytes_slice(armor), &key, fault);
}

static int
approve_one(const review_t *self, const char *name, value_t *done, fault_t *fault)
{
    char hash[HASH_TEXT];
    const people_t *people = trust_people(self->trust);
    CLEANUP(fetched_destroy)
    fetched_t *candidate = source_candidate(self->source, name, fault);
    if (!candidate)
        return -1;
    const person_key_t *signer = people ? propose_signer(self->options, people) : NULL;
    bool already = approved_already(candidate, signer);
    if (signer && may_approve(candidate, signer, fault))
        return -1;
    if (!already && (sign_check_key(self->options, fault) || ask(self, candidate, fault) ||
                     sign_and_submit(self, candidate, fault)))
        return -1;
    int64_t missing = (int64_t)candidate->approvals.needed -
                      (int64_t)candidate->approvals.approvers.count - (already ? 0 : 1);
    value_t *row = value_map();
    value_set_text(row, "hash", hash_write(&candidate->hash, hash));
    value_set_text(row, "playbook", candidate->release->playbook);
    value_set_integer(row, "sequence", (int64_t)candidate->release->sequence);
    value_set_integer(row, "missing", missing > 0 ? missing : 0);
    value_append(done, row);
    return 0;
}

static void
print_done(const value_t *done)
{
    for (size_t i = 0; i < value_count(done); i++) {
        const value_t *row = value_at(done, i);
        int64_t missing = value_get_integer(row, "missing");
        printf("approved %s %lld (%.12s); ", value_get_text(row, "playbook"),
               (long long)value_get_integer(row, "sequence"), value_get_text(row, "hash"));
        if (missing)
            printf("%lld more needed\n", (long long)missing);
        else
            printf("nothing is missing\n");
    }
}

static int
review_approve(const options_t *options, int argc, char **argv)
{
    fault_t fault = {0};
    CLEANUP(review_clear) review_t self = {.options = options};
    CLEANUP(value_destroy) value_t *done = value_list();
    int failed = begin(&self, &argc, argv, 1, -1, &fault);
    for (int i = 1; !failed && i < argc; i++)
        failed = approve_one(&self, argv[i], done, &fault);
    if (options->json && value_count(done))
        json_print("approved", done);
    else
        print_done(done);
    return failed ? command_fail(&fault) : 0;
}

/* Shows the document, signs it, hands it in. */
static int
reject(const review_t *self, const fetched_t *candidate, const char *reason, fault_t *fault)
{
    pubkey_t key;
    char who[TEXT_NAME_MAX + 1];
    rejection_t no = {
        .site = *trust_site(self->trust), .release = candidate->hash, .created = wall_second()};
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *armor = bytes_new();
    if (options_reason(reason, no.reason, sizeof no.reason, fault))
        return -1;
    rejection_encode(&no, text);
    fprintf(stderr, "%s %llu\n%s", candidate->release->playbook,
            (unsigned long long)candidate->release->sequence, bytes_text(text));
    if (!sign_confirm(self->options, "Reject this release?"))
        return fault_set(fault, FAULT_DENIED,
                         "not rejected: nobody said yes (--no-input rejects without asking)");
    if (sign_document(self->options, SIGN_REJECT, bytes_slice(text), armor, &key, fault) ||
        rejection_check(&no, self->trust, bytes_slice(text), bytes_slice(armor), who, fault))
        return -1;
    CLEANUP(client_close) client_t *client = client_open(self->options, self->trust, fault);
    if (!client)
        return -1;
    value_t *arguments = value_map();
    value_set_text(arguments, "kind", "rejection");
    value_set(arguments, "document", value_bytes(bytes_slice(text)));
    value_set(arguments, "armors", value_bytes(bytes_slice(armor)));
    CLEANUP(value_destroy) value_t *done = client_ask(client, "submit", arguments, fault);
    if (done && self->options->json)
        json_print("rejected", done);
    else if (done)
        printf("rejected %s %llu (%.12s); whoever reviews it reads why\n",
               candidate->release->playbook, (unsigned long long)candidate->release->sequence,
               hash_write(&candidate->hash, (char[HASH_TEXT]){0}));
    return done ? 0 : -1;
}

static int
may_reject(const review_t *self, fault_t *fault)
{
    if (!self->reason)
        return fault_set(fault, FAULT_USAGE, "say why: --reason TEXT");
    if (self->repository)
        return fault_set(fault, FAULT_USAGE,
                         "a rejection goes to the broker, not into a repository");
    return sign_check_key(self->options, fault);
}

static int
review_reject(const options_t *options, int argc, char **argv)
{
    fault_t fault = {0};
    CLEANUP(review_clear) review_t self = {.options = options, .reason = NULL};
    CLEANUP(fetched_destroy) fetched_t *candidate = NULL;
    if (!begin(&self, &argc, argv, 1, 1, &fault) && !may_reject(&self, &fault))
        candidate = source_candidate(self.source, argv[1], &fault);
    return candidate && !reject(&self, candidate, self.reason, &fault) ? 0 : command_fail(&fault);
}

const command_t review_commands[] = {
    {"review", "list", review_list, "[--all] [--repo REPO]", "releases that wait for approval"},
    {"review", "view", review_view, "RELEASE [--since-mine] [--repo REPO]",
     "what a release can newly do, then its code"},
    {"review", "diff", review_diff, "RELEASE [--since-mine] [--repo REPO]",
     "its code against the release before it; exit 1 where they differ"},
    {"review", "approve", review_approve, "RELEASE... [--repo REPO]",
     "sign releases as their reviewer"},
    {"review", "reject", review_reject, "RELEASE --reason TEXT",
     "sign a no that whoever reviews it reads"},
    {NULL, NULL, NULL, NULL, NULL},
};
