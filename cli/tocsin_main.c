/* SPDX-License-Identifier: Apache-2.0 */
/* tocsin - the command line: what is global, the list of commands, and help. */
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/options.h"
#include "cli/pager.h"
#include "cli/table.h"
#include "common/version.h"

const command_t *const command_lists[] = {
    status_commands,   why_commands,    incident_commands,   run_commands,
    stop_commands,     resume_commands, brake_commands,      review_commands,
    playbook_commands, op_commands,     worker_commands,     keys_commands,
    audit_commands,    doctor_commands, completion_commands, NULL,
};

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
    "  --no-input         never ask; fail instead\n"
    "  --no-pager         do not show lists and views in PAGER\n"
    "  -q, -v             say less, say more\n"
    "\n"
    "tocsin help NOUN, tocsin help exit-codes, tocsin help env, tocsin help selectors\n";

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
    "  --target and --except take a worker's id, a host that a worker reaches, or a selector:\n"
    "  NAME=VALUE pairs with commas between them, all of which a worker must have.\n\n"
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

const command_t *
command_row(const command_t *rows, const char *verb)
{
    while (rows->noun && strcmp(rows->verb, verb) != 0)
        rows++;
    return rows;
}

int
command_fail(const fault_t *fault)
{
    char text[FAULT_TEXT_MAX];
    fflush(stdout);
    fprintf(stderr, "tocsin: %s\n", show_text(fault->text, text, sizeof text));
    return fault_exit(fault->code);
}

/* Words in the overview, the whole usage in the help of one noun. */
static void
print_row(FILE *out, const command_t *command, bool whole)
{
    char name[512];
    snprintf(name, sizeof name, "%s%s%s%s%s", command->noun, command->verb ? " " : "",
             command->verb ? command->verb : "", whole && *command->usage ? " " : "",
             whole ? command->usage : "");
    if (whole)
        fprintf(out, "  tocsin %s\n      %s\n", name, command->summary);
    else
        fprintf(out, "  tocsin %-22s  %s\n", name, command->summary);
}

int
command_usage(const command_t *command, const char *format, ...)
{
    va_list args;
    fputs("tocsin: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fprintf(stderr, "\nusage: tocsin %s%s%s%s%s\n", command->noun, command->verb ? " " : "",
            command->verb ? command->verb : "", *command->usage ? " " : "", command->usage);
    return fault_exit(FAULT_USAGE);
}

/* All rows, or those of one noun; how many there were. */
static size_t
print_commands(FILE *out, const char *noun)
{
    size_t count = 0;
    for (size_t i = 0; command_lists[i]; i++) {
        for (const command_t *row = command_lists[i]; row->noun; row++) {
            if (noun && strcmp(row->noun, noun) != 0)
                continue;
            print_row(out, row, noun != NULL);
            count++;
        }
    }
    return count;
}

static int
help(const char *topic)
{
    if (!topic) {
        printf("tocsin - answers alarms with signed, bounded, recorded playbooks\n\n%s\ncommands\n",
               examples);
        print_commands(stdout, NULL);
        printf("\n%s", options_help);
        return 0;
    }
    for (size_t i = 0; i < ARRAY_SIZE(topics); i++) {
        if (strcmp(topics[i].topic, topic) != 0)
            continue;
        fputs(topics[i].text, stdout);
        return 0;
    }
    if (print_commands(stdout, topic))
        return 0;
    fprintf(stderr, "tocsin: no help on '%s'; try: tocsin help\n", topic);
    return fault_exit(FAULT_USAGE);
}

static const command_t *
find_command(int argc, char **argv)
{
    for (size_t i = 0; command_lists[i]; i++) {
        for (const command_t *row = command_lists[i]; row->noun; row++) {
            if (strcmp(row->noun, argv[0]) != 0)
                continue;
            if (!row->verb || (argc > 1 && !strcmp(row->verb, argv[1])))
                return row;
        }
    }
    return NULL;
}

static int
unknown_command(int argc, char **argv)
{
    fprintf(stderr, "tocsin: there is no command '%s%s%s'", argv[0], argc > 1 ? " " : "",
            argc > 1 ? argv[1] : "");
    fputs(argc > 1 ? "; there are:\n" : "; commands that begin so:\n", stderr);
    if (!print_commands(stderr, argv[0]))
        fputs("  none; try: tocsin help\n", stderr);
    return fault_exit(FAULT_USAGE);
}

/* A default path under XDG_CONFIG_HOME, where the environment names none. */
static const char *
setting(const char *variable, const char *name, char *out, size_t size)
{
    const char *value = getenv(variable), *config = getenv("XDG_CONFIG_HOME");
    if (value && *value)
        return value;
    if (config && *config)
        snprintf(out, size, "%s/tocsin/%s", config, name);
    else
        snprintf(out, size, "%s/.config/tocsin/%s", getenv("HOME") ? getenv("HOME") : "", name);
    return out;
}

int
main(int argc, char **argv)
{
    fault_t fault;
    char site[512], curve[512], sealing[512];
    const char *locale = setlocale(LC_CTYPE, ""); /* what a table may show as it is */
    if (!locale || !strcmp(locale, "C") || !strcmp(locale, "POSIX"))
        setlocale(LC_CTYPE, "C.UTF-8");
    bool wants_help = false, wants_version = false;
    options_t options = {
        .wait_s = -1,
        .server = getenv("TOCSIN_SERVER"),
        .timekeeper = getenv("TOCSIN_TIMEKEEPER"),
        .key = getenv("TOCSIN_KEY"),
        .site = setting("TOCSIN_SITE", "site", site, sizeof site),
        .curve = setting("TOCSIN_CURVE", "curve-secret", curve, sizeof curve),
        .sealing = setting("TOCSIN_SEALING", "sealing-secret", sealing, sizeof sealing),
    };
    const option_t rows[] = {
        {"--json", OPTION_FLAG, &options.json},
        {"--utc", OPTION_FLAG, &options.utc},
        {"--no-input", OPTION_FLAG, &options.no_input},
        {"--no-pager", OPTION_FLAG, &options.no_pager},
        {"--quiet", OPTION_FLAG, &options.quiet},
        {"-q", OPTION_FLAG, &options.quiet},
        {"--verbose", OPTION_COUNT, &options.verbose},
        {"-v", OPTION_COUNT, &options.verbose},
        {"--wait", OPTION_SECONDS, &options.wait_s},
        {"--server", OPTION_TEXT, &options.server},
        {"--key", OPTION_TEXT, &options.key},
        {"--help", OPTION_FLAG, &wants_help},
        {"-h", OPTION_FLAG, &wants_help},
        {"--version", OPTION_FLAG, &wants_version},
        {NULL, OPTION_FLAG, NULL},
    };
    if (options_take(rows, 1, &argc, argv, false, &fault))
        return command_fail(&fault);
    argc--, argv++;
    if (wants_version || (argc && !strcmp(argv[0], "version")))
        return printf("tocsin " TOCSIN_VERSION "\n") < 0;
    if (!argc || wants_help || !strcmp(argv[0], "help"))
        return help(argc && !strcmp(argv[0], "help") ? argv[1] : argc ? argv[0] : NULL);
    const command_t *command = find_command(argc, argv);
    if (!command)
        return unknown_command(argc, argv);
    int skip = command->verb != NULL;
    pager_begin(&options, command);
    int status = command->run(&options, argc - skip, argv + skip);
    pager_end();
    return status;
}
