/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/help.h"

#include <string.h>

#include "cli/near.h"
#include "common/bytes.h"

#define COLUMNS 92 /* of usages */
#define INDENT  15 /* of their further lines */

static const char examples[] =
    "examples\n"
    "  tocsin status                                    what is open, what runs, what waits for "
    "me\n"
    "  tocsin incident view 1042                        one incident, and what to type next\n"
    "  tocsin run plan disk-full --incident 1042        what would happen, before anything does\n"
    "  tocsin run start 9f3c1e2 --reason \"disk is full\" sign that plan and start it\n"
    "  tocsin run watch 4b1d22                          follow it; Ctrl-C leaves it running\n"
    "  tocsin audit verify                              prove the whole record\n";

static const char options_help[] =
    "options\n"
    "  --json             one versioned JSON document on standard output\n"
    "  --server ENDPOINT  the broker, tcp://HOST:PORT (TOCSIN_SERVER)\n"
    "  --key FILE         your SSH key, handed to ssh-keygen (TOCSIN_KEY)\n"
    "  --wait=DURATION    wait so long for the run's outcome\n"
    "  --utc              times in UTC\n"
    "  --no-input         never ask: sign without a question; what a person must look at fails\n"
    "  --no-pager         do not show lists and views in PAGER\n"
    "  -q, -v             say less; say each question and how long its answer took\n"
    "\n"
    "tocsin help NOUN VERB, tocsin help exit-codes, tocsin help env, tocsin help selectors\n";

static const char exit_codes_help[] =
    "  0    done; with --wait, the run succeeded\n"
    "  1    the run failed, a worker's refusal included; a check found a problem\n"
    "  2    an error inside tocsin, a file or a limit\n"
    "  3    broker or worker cannot be reached\n"
    "  4    not allowed: a signature, role, policy or bound says no\n"
    "  5    some targets unanswered, or their state unknown (never 0)\n"
    "  6    waiting for more signatures\n"
    "  7    an approval or order expired, or the plan is stale\n"
    "  8    still running when --wait ended\n"
    "  9    not found, conflict\n"
    "  64   the command was called wrongly\n"
    "  130  detached by Ctrl-C; the run goes on\n";

static const char env_help[] =
    "  TOCSIN_SITE        folder with the site's id and signed documents (default: "
    "XDG_CONFIG_HOME/tocsin/site)\n"
    "  TOCSIN_SERVER      the broker, tcp://HOST:PORT\n"
    "  TOCSIN_TIMEKEEPER  the timekeeper, tcp://HOST:PORT: stops, revokes and documents go there "
    "too\n"
    "  TOCSIN_BROKER      which broker of the people document that is, where it lists several\n"
    "  TOCSIN_CURVE       file with your CURVE secret, as 'tocsin keys curve' makes it (default:\n"
    "                     XDG_CONFIG_HOME/tocsin/curve-secret)\n"
    "  TOCSIN_SEALING     file with your sealing secret, as 'tocsin keys sealing' makes it "
    "(default:\n"
    "                     XDG_CONFIG_HOME/tocsin/sealing-secret)\n"
    "  TOCSIN_KEY         your SSH key: the private file, or the public one where an agent holds "
    "it\n"
    "  XDG_CONFIG_HOME, XDG_STATE_HOME   plans and the record's pin are under "
    "XDG_STATE_HOME/tocsin\n"
    "  PAGER                             what shows lists, views and diffs on a terminal, where "
    "set\n"
    "  NO_COLOR, CLICOLOR_FORCE          colour never, colour always\n";

static const char selectors_help[] =
    "  --target and --except take a worker's id, a name that monitoring has for its machine, or a\n"
    "  selector: NAME=VALUE pairs with commas between them, all of which a worker must have.\n\n"
    "  role=web                 a label, as the region's officer signed it (tocsin keys fleet)\n"
    "  region=north             every worker has this one by itself\n"
    "  worker=pe-012            one worker by its id\n"
    "  region=north,role=web    both\n\n"
    "  Several --target add up; --except takes away; --at-most and --keep refuse a plan that is "
    "too\n"
    "  wide. What is signed are the names that came of it, never the selector.\n";

static const struct {
    const char *topic;
    const char *text;
} topics[] = {{"exit-codes", exit_codes_help}, {"env", env_help}, {"selectors", selectors_help}};

typedef struct {
    const char *noun, *verb; /* verb NULL: of all of them; noun NULL: of any command */
    const char *option;      /* as its usage has it */
    const char *words;
} option_words_t;

/* The first that fits counts. */
static const option_words_t option_words[] = {
    {"incident", "list", "--state", "waiting, authorised, running, resolved, failed or abandoned"},
    {"incident", "ack", "--off", "take it back"},
    {"run", "plan", "--incident", "what it is about: its alert fills inputs and names the host"},
    {"run", "plan", "--set", "an input's value"},
    {"run", "plan", "--target",
     "where: a worker, its machine's name, or labels (tocsin help selectors)"},
    {"run", "plan", "--except", "not there; written like --target"},
    {"run", "plan", "--at-most", "refuse a plan of more targets than that"},
    {"run", "plan", "--keep", "refuse a plan that leaves fewer of a region untouched"},
    {"run", "plan", "--first", "targets of the first wave"},
    {"run", "plan", "--grow", "each wave has so many times as many as the one before"},
    {"run", "plan", "--soak", "how long a wave must have been well before the next begins"},
    {"run", "plan", "--max-failures", "how many targets may fail before it stops"},
    {"run", "plan", "--dry-run", "look, and tell what would be done: nothing is changed"},
    {"run", "plan", "--valid", "how long it may begin"},
    {"run", NULL, "--break-glass",
     "beyond your scope and machines' windows, with a cosigner; everybody is told"},
    {"run", NULL, "--seal", "what comes of it is for its readers, not for the broker"},
    {"run", NULL, "--seal-to", "who reads it besides you; seals it too"},
    {"run", "plan", "--secret", "a secret input, from a file or standard input (-); seals it too"},
    {"run", "approve", "--no", "refuse"},
    {"run", "approve", "--step", "which step, where several wait"},
    {"run", "answer", "--step", "which step, where several ask"},
    {"run", "retry", "--failed", "exactly those that failed, not those that were never reached"},
    {"run", "logs", "--follow", "go on until the run ends"},
    {"run", "logs", "--since-offset", "from this byte of each part's output on"},
    {"brake", NULL, "--region", "in this region alone"},
    {"resume", NULL, "--file", "add your signature to what another officer began"},
    {"review", "list", "--all", "those that do not wait too"},
    {"review", NULL, "--since-mine", "against the release that you approved last"},
    {"playbook", "graph", "--svg", "a picture, instead of text for Graphviz"},
    {"playbook", "replay", "--release", "against this release"},
    {"playbook", "replay", "--commit", "against this commit of the repository"},
    {"playbook", "propose", "--author", "who wrote it, where that is not you"},
    {"playbook", "propose", "--repo",
     "the repository of playbooks, as the broker's catalog line names it"},
    {"op", "list", "--markdown", "as docs/OPS.md has it"},
    {"worker", "list", "--region", "of this region alone"},
    {"worker", "list", "--offline", "those alone that are away"},
    {"worker", "view", "--all", "every op on a line of its own, with its class and why not"},
    {"audit", "verify", "--root",
     "the site's first root document, where this machine has no other"},
    {"keys", NULL, "--holder", "who holds the site's root, by the public half of a key"},
    {"keys", NULL, "--witness", "a worker whose judge cosigns the record"},
    {"keys", NULL, "--timekeeper", "who signs beacons, by its keys' file"},
    {"keys", NULL, "--quorum-root", "how many holders sign a root"},
    {"keys", NULL, "--quorum-approve", "how many approve: of class observe, change, destructive"},
    {"keys", NULL, "--quorum-order", "how many sign an order, likewise"},
    {"keys", NULL, "--quorum-grant", "how many responders sign a grant"},
    {"keys", NULL, "--offline-max", "seconds without a beacon until a class is refused"},
    {"keys", NULL, "--grant-days", "how long a grant may last"},
    {"keys", NULL, "--min-version", "the lowest version of documents that counts"},
    {"keys", NULL, "--expires", "how long it counts"},
    {"keys", "person", "--roles", "author, reviewer, responder, officer"},
    {"keys", "person", "--highest", "the highest class that this person's word reaches"},
    {"keys", NULL, "--scope", "labels of the workers that it reaches"},
    {"keys", "person", "--curve", "what tocsin keys curve printed"},
    {"keys", NULL, "--labels", "names that selectors find it by"},
    {"keys", NULL, "--host", "a name that monitoring has for its machine"},
    {"keys", "enrol", "--fingerprint", "what the worker showed: compared before you sign"},
    {"keys", "enrol", "--out", "where the answer for the worker goes"},
    {"keys", "worker", "--sealing", "its sealing key, in hexadecimal"},
    {"keys", "grant", "--source", "whose alerts"},
    {"keys", "grant", "--match", "what an alert must say"},
    {"keys", "grant", "--bound", "what an input may be that is filled from the alert"},
    {"keys", "grant", "--budget", "how many runs a worker, in what time"},
    {"keys", "grant", "--out", "where the grant is written"},
    {"keys", "grant", "--fresh", "how old an alert may be"},
    {"keys", "grant", "--evidence",
     "whether the source's token is enough, or a signature is asked"},
    {"keys", "grant", "--submit", "bring it to the broker too"},
    {"keys", "restart", "--size", "how many leaves of the earlier record still count"},
    {"keys", "restart", "--head", "the head of those"},
    {"keys", NULL, "--file", "add your signature to what another officer began"},
    {NULL, NULL, "--key", "your SSH key"},
    {NULL, NULL, "--limit", "how many, at most"},
    {NULL, NULL, "--reason", "why: it is signed, and on the record"},
    {NULL, NULL, "--repo", "the repository of playbooks; else the broker is asked"},
    {NULL, NULL, "--wait", "how long to wait for the outcome, which the exit status tells"},
};

static const struct {
    const char *noun, *verb, *text;
} command_examples[] = {
    {"run", "plan", "tocsin run plan disk-full --incident 1042"},
    {"run", "plan", "tocsin run plan disk-full --target region=north,role=web --first 1 --dry-run"},
    {"run", "plan", "tocsin run plan service-down --target pe-012 --set service=web"},
    {"run", "start", "tocsin run start 9f3c1e2 --reason \"disk is full\" --wait=10m"},
    {"run", "watch", "tocsin run watch 4b1d22"},
    {"run", "cancel", "tocsin run cancel 4b1d22 --reason \"wrong region\""},
    {"run", "retry", "tocsin run retry 4b1d22 --failed"},
    {"run", "logs", "tocsin run logs 4b1d22 pe-012 --follow"},
    {"stop", NULL, "tocsin stop region north --reason \"it makes it worse\""},
    {"stop", NULL, "tocsin stop list"},
    {"brake", "on", "tocsin brake on --region north --reason \"a storm of alerts\""},
    {"incident", "resolve", "tocsin incident resolve 1042 --reason \"cable replaced\""},
    {"review", "approve", "tocsin review approve 98907c4 --key ~/.ssh/id_ed25519_sk"},
    {"worker", "view", "tocsin worker view pe-012 service.restart"},
    {"audit", "verify", "tocsin audit verify export.txt --root root.1"},
};

/* ---- usage ----------------------------------------------------------------------------- */

/* Up to a blank outside brackets; an option's value stands with it. */
static size_t
group_size(const char *text)
{
    size_t size = 0;
    bool valued = !strncmp(text, "--", 2) && text[2] != ' ';
    for (int depth = 0; text[size] && (text[size] != ' ' || depth > 0 || valued); size++) {
        depth += (text[size] == '[') - (text[size] == ']');
        valued = valued && (text[size] != ' ' || text[size + 1] == '[');
    }
    return size;
}

/* Behind what stands in the line already; brackets stay whole. */
static void
print_wrapped(FILE *out, size_t column, size_t indent, const char *text)
{
    while (*text) {
        size_t size = group_size(text);
        if (column + 1 + size > COLUMNS) {
            fprintf(out, "\n%*s", (int)indent - 1, "");
            column = indent - 1;
        }
        column += (size_t)fprintf(out, " %.*s", (int)size, text);
        text += size + strspn(text + size, " ");
    }
    fputc('\n', out);
}

static void
print_usage(FILE *out, const char *before, const command_t *command)
{
    int column = fprintf(out, "%stocsin %s%s%s", before, command->noun, command->verb ? " " : "",
                         command->verb ? command->verb : "");
    print_wrapped(out, (size_t)column, strlen(before) + INDENT, command->usage);
}

void
help_usage(FILE *out, const command_t *command)
{
    print_usage(out, "usage: ", command);
}

/* ---- commands -------------------------------------------------------------------------- */

static bool
is_command(const command_t *row, const char *noun, const char *verb)
{
    return !strcmp(row->noun, noun) && (!verb || !row->verb || !strcmp(row->verb, verb));
}

/* Words in the overview, where noun is NULL, or a noun's with their usage; how many there were. */
static size_t
print_commands(const char *noun)
{
    size_t count = 0;
    for (size_t i = 0; command_lists[i]; i++)
        for (const command_t *row = command_lists[i]; row->noun; row++) {
            char name[64];
            if (noun && !is_command(row, noun, NULL))
                continue;
            count++;
            if (noun) {
                print_usage(stdout, "  ", row);
                printf("      %s\n", row->summary);
                continue;
            }
            snprintf(name, sizeof name, "%s%s%s", row->noun, row->verb ? " " : "",
                     row->verb ? row->verb : "");
            printf("  tocsin %-22s  %s\n", name, row->summary);
        }
    return count;
}

static const command_t *
find_command(const char *noun, const char *verb)
{
    for (size_t i = 0; command_lists[i]; i++)
        for (const command_t *row = command_lists[i]; row->noun; row++)
            if (is_command(row, noun, verb) && (verb || !row->verb))
                return row;
    return NULL;
}

static bool
is_of(const command_t *command, const char *noun, const char *verb)
{
    return (!noun || !strcmp(noun, command->noun)) &&
           (!verb || (command->verb && !strcmp(verb, command->verb)));
}

static const char *
words_of(const command_t *command, const char *option, size_t size)
{
    for (size_t i = 0; i < ARRAY_SIZE(option_words); i++) {
        const option_words_t *at = &option_words[i];
        if (strlen(at->option) == size && !strncmp(at->option, option, size) &&
            is_of(command, at->noun, at->verb))
            return at->words;
    }
    return "";
}

/* An option as its usage has it, with its value. */
static size_t
option_size(const char *at)
{
    static const char *const ends[] = {"]", " [", " --", ", ", ";", " |"};
    size_t size = strlen(at);
    for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
        const char *end = strstr(at + 2, ends[i]);
        if (end && (size_t)(end - at) < size)
            size = (size_t)(end - at);
    }
    return size;
}

/* Each "--name" of its usage. */
static void
print_options(const command_t *command)
{
    bool any = false;
    for (const char *at = command->usage; (at = strstr(at, "--")); at += 2) {
        size_t name = strcspn(at, " =]");
        if (name == 2) /* words end here */
            continue;
        printf("%s  %-30.*s  %s\n", any ? "" : "\noptions\n", (int)option_size(at), at,
               words_of(command, at, name));
        any = true;
    }
}

static void
print_command(const command_t *command)
{
    bool any = false;
    print_usage(stdout, "  ", command);
    printf("      %s\n", command->summary);
    for (size_t i = 0; i < ARRAY_SIZE(command_examples); i++)
        if (is_of(command, command_examples[i].noun, command_examples[i].verb)) {
            printf("%s  %s\n", any ? "" : "\nexamples\n", command_examples[i].text);
            any = true;
        }
    print_options(command);
    puts("\nof every command: tocsin help; exit status: tocsin help exit-codes");
}

int
help_print(int argc, char **argv)
{
    const char *topic = argc ? argv[0] : NULL;
    const command_t *command = topic ? find_command(topic, argc > 1 ? argv[1] : NULL) : NULL;
    if (!topic) {
        printf("tocsin - answers alarms with signed, bounded, recorded playbooks\n\n%s\ncommands\n",
               examples);
        print_commands(NULL);
        printf("\n%s", options_help);
        return 0;
    }
    for (size_t i = 0; i < ARRAY_SIZE(topics); i++)
        if (!strcmp(topics[i].topic, topic)) {
            fputs(topics[i].text, stdout);
            return 0;
        }
    if (command) {
        print_command(command);
        return 0;
    }
    if (argc > 1)
        return help_unknown(argc, argv);
    if (print_commands(topic)) {
        printf("\none of these, with its options: tocsin help %s VERB\n", topic);
        return 0;
    }
    fprintf(stderr, "tocsin: no help on '%s'; try: tocsin help\n", topic);
    return fault_exit(FAULT_USAGE);
}

/* ---- what was meant -------------------------------------------------------------------- */

/* Of the nouns, or of a noun's verbs. */
static near_t
nearest(const char *word, const char *noun)
{
    near_t near = near_of(word);
    for (size_t i = 0; command_lists[i]; i++)
        for (const command_t *row = command_lists[i]; row->noun; row++) {
            const char *name = noun ? row->verb : row->noun;
            if (name && (!noun || !strcmp(row->noun, noun)))
                near_try(&near, name);
        }
    return near;
}

/* What other tools call it. */
static const struct {
    const char *word, *verb;
} elsewhere[] = {
    {"show", "view"}, {"describe", "view"}, {"get", "view"},    {"ls", "list"},
    {"tail", "logs"}, {"abort", "cancel"},  {"kill", "cancel"}, {"stop", "cancel"},
};

/* As incidents, runs and releases are named; "add" is a word. */
static bool
is_digits(const char *word)
{
    return strspn(word, "0123456789abcdef") == strlen(word) && strpbrk(word, "0123456789");
}

/* Of a noun's verbs the one that is meant; NULL where nobody can tell. */
static const char *
meant_verb(const char *word, const char *noun)
{
    for (size_t i = 0; i < ARRAY_SIZE(elsewhere); i++)
        if (!strcmp(elsewhere[i].word, word) && !nearest(elsewhere[i].verb, noun).distance)
            return elsewhere[i].verb;
    if (is_digits(word) && !nearest("view", noun).distance)
        return "view";
    return nearest(word, noun).found;
}

static void
print_verbs(const char *noun)
{
    size_t column = (size_t)fprintf(stderr, "  there are:");
    CLEANUP(bytes_destroy) bytes_t *verbs = bytes_new();
    for (size_t i = 0; command_lists[i]; i++)
        for (const command_t *row = command_lists[i]; row->noun; row++)
            if (!strcmp(row->noun, noun) && row->verb)
                bytes_addf(verbs, "%s%s", verbs->size ? " " : "", row->verb);
    print_wrapped(stderr, column, column + 1, bytes_text(verbs));
    fprintf(stderr, "  see: tocsin help %s\n", noun);
}

int
help_unknown(int argc, char **argv)
{
    const char *noun = argv[0], *verb = argc > 1 ? argv[1] : NULL;
    near_t near = nearest(noun, NULL);
    bool known = !near.distance;
    const char *meant = !known ? near.found : verb ? meant_verb(verb, noun) : NULL;
    if (noun[0] == '-') {
        fprintf(stderr, "tocsin: there is no option '%s'; see: tocsin help\n", noun);
        return fault_exit(FAULT_USAGE);
    }
    if (known && !verb)
        fprintf(stderr, "tocsin: '%s' wants one more word\n", noun);
    else
        fprintf(stderr, "tocsin: there is no command '%s%s%s'", noun, known ? " " : "",
                known ? verb : "");
    if (meant)
        fprintf(stderr, "; did you mean: tocsin %s%s%s%s%s", known ? noun : "", known ? " " : "",
                meant, known && verb && is_digits(verb) ? " " : "",
                known && verb && is_digits(verb) ? verb : "");
    if (known && verb)
        fputc('\n', stderr);
    if (known)
        print_verbs(noun);
    else
        fprintf(stderr, "%s\n", meant ? "" : "; see: tocsin help");
    return fault_exit(FAULT_USAGE);
}
