/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include "cli/changes.h"
#include "cli/client.h"
#include "cli/findings.h"
#include "cli/graph.h"
#include "cli/options.h"
#include "cli/pages.h"
#include "cli/playbook_folder.h"
#include "cli/propose.h"
#include "cli/replay.h"
#include "cli/subject.h"
#include "cli/table.h"
#include "lua/rehearsal.h"
#include "lua/runner.h"

/* Places among playbook_commands. */
enum { LIST, VIEW, LINT, TEST };

/* ---- list -------------------------------------------------------------------------------- */

static void
join(const value_t *list, char *out, size_t size)
{
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; list && i < value_count(list) && used < size; i++)
        used += (size_t)snprintf(out + used, size - used, "%s%s", i ? " " : "",
                                 value_string(value_at(list, i)));
}

static int
playbook_list(const options_t *options, int argc, char **argv)
{
    static const char *const headings[] = {"PLAYBOOK", "SEQUENCE", "CLASS",   "STATE",
                                           "AUTHORS",  "APPROVED", "RELEASE", NULL};
    fault_t fault = {0};
    if (argc != 1)
        return command_usage(&playbook_commands[LIST], "'%s' does not belong here", argv[1]);
    CLEANUP(value_destroy) value_t *releases = pages_look(options, "releases", &fault);
    if (!releases)
        return command_fail(&fault);
    if (options->json) {
        json_print("releases", releases);
        return 0;
    }
    CLEANUP(table_destroy) table_t *table = table_new(headings);
    for (size_t i = 0; i < value_count(releases); i++) {
        const value_t *row = value_at(releases, i);
        char sequence[24], authors[200], approvers[200], hash[16];
        snprintf(sequence, sizeof sequence, "%lld", (long long)value_get_integer(row, "sequence"));
        snprintf(hash, sizeof hash, "%.12s", value_get_text(row, "hash"));
        join(value_get(row, "authors"), authors, sizeof authors);
        join(value_get(row, "approvers"), approvers, sizeof approvers);
        table_row(table,
                  (const char *const[]){value_get_text(row, "playbook"), sequence,
                                        value_get_text(row, "class"), value_get_text(row, "state"),
                                        authors, approvers[0] ? approvers : "-", hash});
    }
    table_print(table);
    return 0;
}

/* ---- lint -------------------------------------------------------------------------------- */

static size_t
count_level(const value_t *findings, const char *level)
{
    size_t count = 0;
    for (size_t i = 0; i < value_count(findings); i++)
        count += !strcmp(value_get_text(value_at(findings, i), "level"), level);
    return count;
}

static void
print_findings(const value_t *findings, const char *folder)
{
    char shown[600];
    for (size_t i = 0; i < value_count(findings); i++) {
        const value_t *row = value_at(findings, i);
        printf("%s:%lld: %s: %s\n", value_get_text(row, "file"),
               (long long)value_get_integer(row, "line"), value_get_text(row, "level"),
               show_text(value_get_text(row, "text"), shown, sizeof shown));
    }
    printf("%s: %zu errors, %zu warnings, %zu notes\n", folder, count_level(findings, "error"),
           count_level(findings, "warning"), count_level(findings, "note"));
}

static int
playbook_lint(const options_t *options, int argc, char **argv)
{
    bool good = true;
    CLEANUP(value_destroy) value_t *report = value_list();
    if (argc < 2)
        return command_usage(&playbook_commands[LINT], "no folder is named");
    for (int i = 1; i < argc; i++) {
        value_t *row = value_map(), *findings = findings_of(argv[i]);
        good = good && !count_level(findings, "error");
        if (!options->json)
            print_findings(findings, argv[i]);
        value_set_text(row, "folder", argv[i]);
        value_set(row, "findings", findings);
        value_append(report, row);
    }
    if (options->json)
        json_print("lint", report);
    return good ? 0 : 1;
}

/* ---- test -------------------------------------------------------------------------------- */

typedef struct {
    const options_t *options;
    value_t *list;
    int passed, failed;
} report_t;

static void
tell(report_t *self, const char *folder, const char *test, const char *wrong)
{
    value_t *row = value_map();
    *(wrong ? &self->failed : &self->passed) += 1;
    value_set_text(row, "folder", folder);
    value_set_text(row, "test", test);
    value_set_bool(row, "passed", !wrong);
    if (wrong)
        value_set_text(row, "error", wrong);
    value_append(self->list, row);
    if (!self->options->json)
        printf("%s %s/%s%s%s\n", wrong ? "not ok" : "ok", folder, test, wrong ? ": " : "",
               wrong ? wrong : "");
}

static void
test_one(report_t *report, const playbook_t *playbook, const char *name)
{
    char relative[NAME_MAX + 8];
    fault_t fault = {0};
    snprintf(relative, sizeof relative, "tests/%s", name);
    CLEANUP(bytes_destroy) bytes_t *test = playbook_test_text(playbook->folder, name, &fault);
    bool wrong = !test || rehearse(playbook->manifest, bytes_slice(playbook->text),
                                   bytes_slice(test), &fault);
    tell(report, playbook->folder, relative, wrong ? fault.text : NULL);
}

static void
test_folder(report_t *report, const char *folder)
{
    fault_t fault = {0};
    CLEANUP(playbook_clear) playbook_t playbook = {0};
    if (playbook_load(&playbook, folder, &fault)) {
        tell(report, folder, "playbook.lua", fault.text);
        return;
    }
    CLEANUP(value_destroy) value_t *tests = playbook_tests(folder);
    if (!value_count(tests))
        tell(report, folder, "tests", "no test is there: tests/NAME.lua");
    for (size_t i = 0; i < value_count(tests); i++)
        test_one(report, &playbook, value_string(value_at(tests, i)));
}

static int
playbook_test(const options_t *options, int argc, char **argv)
{
    CLEANUP(value_destroy) value_t *list = value_list();
    report_t report = {.options = options, .list = list};
    if (argc < 2)
        return command_usage(&playbook_commands[TEST], "no folder is named");
    for (int i = 1; i < argc; i++)
        test_folder(&report, argv[i]);
    if (options->json)
        json_print("tests", list);
    else
        printf("%d passed, %d failed\n", report.passed, report.failed);
    return report.failed ? 1 : 0;
}

/* ---- view, graph, diff -------------------------------------------------------------------- */

/* Takes --repo and --svg, and checks how many names are left. */
static int
take_names(int *argc, char **argv, int count, const char **repository, bool *svg, fault_t *fault)
{
    const option_t rows[] = {{"--repo", OPTION_TEXT, repository},
                             {"--svg", OPTION_FLAG, svg},
                             {NULL, OPTION_FLAG, NULL}};
    if (options_take(svg ? rows : (const option_t[]){rows[0], rows[2]}, 1, argc, argv, true, fault))
        return -1;
    if (*argc == count + 1)
        return 0;
    return fault_set(fault, FAULT_USAGE,
                     "tocsin playbook %s wants %d of: a folder, REVISION:FOLDER, a release's hash, "
                     "a playbook's name",
                     argv[0], count);
}

static int
playbook_view(const options_t *options, int argc, char **argv)
{
    fault_t fault = {0};
    const char *repository = NULL;
    CLEANUP(subject_clear) subject_t subject = {0};
    if (take_names(&argc, argv, 1, &repository, NULL, &fault) ||
        subject_load(&subject, options, repository, argv[1], &fault))
        return command_fail(&fault);
    CLEANUP(value_destroy) value_t *changes = changes_of(NULL, subject.manifest);
    const value_t *words = value_get(subject.files, "README.md");
    if (options->json) {
        CLEANUP(value_destroy) value_t *body = value_map();
        value_set_text(body, "playbook", subject.manifest->playbook);
        value_set_text(body, "from", subject.title);
        value_set_text(body, "class", class_word(subject.manifest->highest));
        value_set(body, "says", value_copy(changes));
        value_set(body, "readme", words ? value_copy(words) : value_nil());
        json_print("playbook", body);
        return 0;
    }
    printf("%s\n", subject.title);
    changes_print(changes, stdout);
    if (words) {
        printf("\n");
        changes_print_code(value_slice(words), stdout);
    }
    return 0;
}

static int
playbook_graph(const options_t *options, int argc, char **argv)
{
    fault_t fault = {0};
    const char *repository = NULL;
    bool svg = false;
    CLEANUP(subject_clear) subject_t subject = {0};
    CLEANUP(bytes_destroy) bytes_t *picture = bytes_new();
    if (take_names(&argc, argv, 1, &repository, &svg, &fault) ||
        subject_load(&subject, options, repository, argv[1], &fault))
        return command_fail(&fault);
    (svg ? graph_svg : graph_dot)(subject.manifest, picture);
    if (options->json) {
        CLEANUP(value_destroy) value_t *body = value_map();
        value_set_text(body, svg ? "svg" : "dot", bytes_text(picture));
        json_print("graph", body);
    } else {
        fputs(bytes_text(picture), stdout);
    }
    return 0;
}

/* Lines that alarm are said though they are old. */
static bool
has_news(const value_t *changes)
{
    for (size_t i = 0; i < value_count(changes); i++)
        if (strcmp(value_get_text(value_at(changes, i), "sign"), " ") != 0)
            return true;
    return false;
}

/* What the other may do and this may not, then the code; 1 where they differ. */
static int
playbook_diff(const options_t *options, int argc, char **argv)
{
    fault_t fault = {0};
    const char *repository = NULL;
    CLEANUP(subject_clear) subject_t before = {0};
    CLEANUP(subject_clear) subject_t after = {0};
    CLEANUP(bytes_destroy) bytes_t *code = bytes_new();
    if (take_names(&argc, argv, 2, &repository, NULL, &fault) ||
        subject_load(&before, options, repository, argv[1], &fault) ||
        subject_load(&after, options, repository, argv[2], &fault) ||
        changes_code(before.files, after.files, code, &fault))
        return command_fail(&fault);
    CLEANUP(value_destroy) value_t *changes = changes_of(before.manifest, after.manifest);
    bool differs = code->size || has_news(changes);
    if (options->json) {
        CLEANUP(value_destroy) value_t *body = value_map();
        value_set_text(body, "before", before.title);
        value_set_text(body, "after", after.title);
        value_set_bool(body, "differs", differs);
        value_set(body, "changes", value_copy(changes));
        value_set(body, "code", value_bytes(bytes_slice(code)));
        json_print("diff", body);
    } else {
        printf("%s -> %s\n", before.title, after.title);
        changes_print(changes, stdout);
        changes_print_code(bytes_slice(code), stdout);
    }
    return differs ? 1 : 0;
}

const command_t playbook_commands[] = {
    {"playbook", "list", playbook_list, "", "the site's releases, and which are in service"},
    {"playbook", "view", playbook_view, "NAME|FOLDER|REVISION:FOLDER|RELEASE [--repo REPO]",
     "what a playbook may do, and its words"},
    {"playbook", "lint", playbook_lint, "FOLDER...",
     "says what is wrong with playbooks: file, line, level"},
    {"playbook", "test", playbook_test, "FOLDER...", "runs playbooks' own tests in the sandbox"},
    {"playbook", "graph", playbook_graph,
     "NAME|FOLDER|REVISION:FOLDER|RELEASE [--svg] [--repo REPO]",
     "its steps as a picture, for Graphviz or as SVG"},
    {"playbook", "diff", playbook_diff, "BEFORE AFTER [--repo REPO]",
     "what AFTER can newly do, then its code; exit 1 where they differ"},
    {"playbook", "replay", playbook_replay,
     "INCIDENT [PLAYBOOK|FOLDER] [--release HASH] [--commit REV] [--repo REPO]",
     "what a past incident would start, and why not; exit 1 where nothing"},
    {"playbook", "propose", playbook_propose, "FOLDER --repo REPO [--author NAME]",
     "makes a signed release for review"},
    {NULL, NULL, NULL, NULL, NULL},
};
