/* SPDX-License-Identifier: Apache-2.0 */
/* tocsin - the command line: what is global, and the list of commands. */
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/help.h"
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

int
command_usage(const command_t *command, const char *format, ...)
{
    va_list args;
    fputs("tocsin: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    help_usage(stderr, command);
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

/* A command whose usage has no option takes none, and no file or name of its begins like one; NULL
 * where nothing does. */
static const char *
stray_option(const command_t *command, int argc, char **argv)
{
    if (strstr(command->usage, "--"))
        return NULL;
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (argv[i][0] == '-' && argv[i][1] && !strchr("0123456789", argv[i][1]))
            return argv[i];
    return NULL;
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
    bool says_help = argc && !strcmp(argv[0], "help");
    if (!argc || wants_help || says_help)
        return help_print(argc - says_help, argv + says_help);
    const command_t *command = find_command(argc, argv);
    if (!command)
        return help_unknown(argc, argv);
    int skip = command->verb != NULL;
    const char *stray = stray_option(command, argc - skip, argv + skip);
    if (stray)
        return command_usage(command, OPTIONS_NONE, stray, OPTIONS_TEXT(stray));
    pager_begin(&options, command);
    int status = command->run(&options, argc - skip, argv + skip);
    pager_end();
    return status;
}
