/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/client.h"
#include "cli/propose.h"
#include "cli/table.h"
#include "common/document.h"
#include "common/file.h"
#include "lua/rehearsal.h"
#include "lua/runner.h"

/* One folder, as lint and test look at it. */
typedef struct {
    const char *folder;
    bytes_t *text; /* playbook.lua */
    manifest_t *manifest;
} playbook_t;

static void
playbook_clear(playbook_t *self)
{
    bytes_destroy(&self->text);
    manifest_destroy(&self->manifest);
}

static const char *
path_in(const char *folder, const char *name, char out[static PATH_MAX])
{
    snprintf(out, PATH_MAX, "%s/%s", folder, name);
    return out;
}

/* A script's own fault starts with its file's name: the folder comes in front of it. */
static int
playbook_load(playbook_t *self, const char *folder, fault_t *fault)
{
    char path[PATH_MAX], text[FAULT_TEXT_MAX];
    *self = (playbook_t){.folder = folder};
    self->text = file_read(path_in(folder, "playbook.lua", path), RUNNER_TEXT_MAX, fault);
    if (!self->text)
        return -1;
    self->manifest = runner_manifest(bytes_slice(self->text), fault);
    if (self->manifest)
        return 0;
    memcpy(text, fault->text, sizeof text);
    bool named = !strncmp(text, "playbook.lua:", 13);
    return fault_set(fault, fault->code, "%s%s%s", named ? folder : path, named ? "/" : ": ", text);
}

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
        return command_usage(&playbook_commands[0], "'%s' does not belong here", argv[1]);
    CLEANUP(value_destroy) value_t *releases = client_look(options, "releases", NULL, &fault);
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

typedef struct {
    const playbook_t *playbook;
    value_t *list; /* of texts */
} warnings_t;

static void PRINTF(2, 3) warn(warnings_t *self, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    value_append(self->list, value_text(text));
}

static bool
has_bound(const manifest_t *manifest, const manifest_use_t *use)
{
    for (size_t i = 0; i < manifest->bound_count; i++)
        if (!strcmp(manifest->bounds[i].step, use->step) &&
            !strcmp(manifest->bounds[i].op, use->op))
            return true;
    return false;
}

static void
look_at_uses(warnings_t *self, const manifest_t *manifest)
{
    for (size_t i = 0; i < manifest->use_count; i++) {
        const manifest_use_t *use = &manifest->uses[i];
        if (!has_bound(manifest, use))
            warn(self, "step '%s' uses %s without a bound: bound its arguments in uses", use->step,
                 use->op);
        if (use->class_ != CLASS_OBSERVE && !manifest_step(manifest, use->step)->has_verify)
            warn(self, "step '%s' changes something (%s) and has no verify", use->step, use->op);
    }
}

static bool
is_bound_to(const manifest_t *manifest, const char *input)
{
    for (size_t i = 0; i < manifest->bound_count; i++)
        if (!strncmp(manifest->bounds[i].value, "inputs.", 7) &&
            !strcmp(manifest->bounds[i].value + 7, input))
            return true;
    return false;
}

static void
look_at_inputs(warnings_t *self, const manifest_t *manifest)
{
    for (size_t i = 0; i < manifest->input_count; i++) {
        const manifest_input_t *input = &manifest->inputs[i];
        if (!input->help[0])
            warn(self, "input '%s' has no help", input->name);
        if (input->from[0] && !is_bound_to(manifest, input->name))
            warn(self, "input '%s' comes from the alert and bounds no op", input->name);
    }
}

static void
look_at_folder(warnings_t *self, const manifest_t *manifest)
{
    char path[PATH_MAX], real[PATH_MAX];
    const char *folder = self->playbook->folder;
    const char *slash = realpath(folder, real) ? strrchr(real, '/') : NULL;
    if (slash && strcmp(slash + 1, manifest->playbook) != 0)
        warn(self, "the folder is not called '%s' as its playbook is", manifest->playbook);
    if (access(path_in(folder, "README.md", path), R_OK))
        warn(self, "there is no README.md that says when to use it and what it risks");
    if (access(path_in(folder, "tests", path), R_OK))
        warn(self, "there are no tests");
    CLEANUP(bytes_destroy) bytes_t *made = bytes_new();
    CLEANUP(bytes_destroy)
    bytes_t *kept = file_read(path_in(folder, "manifest", path), DOCUMENT_BYTES_MAX, NULL);
    manifest_encode(manifest, made);
    if (kept && !slice_equal(bytes_slice(kept), bytes_slice(made)))
        warn(self, "manifest is not what playbook.lua makes now: propose makes it anew");
}

/* False where the playbook does not load. */
static bool
lint(const options_t *options, const char *folder, value_t *report)
{
    fault_t fault = {0};
    CLEANUP(playbook_clear) playbook_t playbook = {0};
    warnings_t warnings = {&playbook, value_list()};
    value_t *row = value_map();
    bool loads = !playbook_load(&playbook, folder, &fault);
    value_set_text(row, "folder", folder);
    if (loads) {
        look_at_uses(&warnings, playbook.manifest);
        look_at_inputs(&warnings, playbook.manifest);
        look_at_folder(&warnings, playbook.manifest);
    } else {
        value_set_text(row, "error", fault.text);
    }
    if (!options->json && !loads)
        printf("error: %s\n", fault.text);
    for (size_t i = 0; !options->json && i < value_count(warnings.list); i++)
        printf("warning: %s/playbook.lua: %s\n", folder, value_string(value_at(warnings.list, i)));
    if (!options->json && loads)
        printf("%s: %s, class %s, %zu steps, %zu warnings\n", folder, playbook.manifest->playbook,
               class_word(playbook.manifest->highest), playbook.manifest->step_count,
               value_count(warnings.list));
    value_set(row, "warnings", warnings.list);
    value_append(report, row);
    return loads;
}

static int
playbook_lint(const options_t *options, int argc, char **argv)
{
    bool good = true;
    CLEANUP(value_destroy) value_t *report = value_list();
    if (argc < 2)
        return command_usage(&playbook_commands[1], "no folder is named");
    for (int i = 1; i < argc; i++)
        good = lint(options, argv[i], report) && good;
    if (options->json)
        json_print("lint", report);
    return good ? 0 : 1;
}

/* ---- test -------------------------------------------------------------------------------- */

static int
is_test(const struct dirent *entry)
{
    size_t size = strlen(entry->d_name);
    return size > 4 && entry->d_name[0] != '.' && !strcmp(entry->d_name + size - 4, ".lua");
}

static void
free_names(struct dirent **names, int count)
{
    for (int i = 0; i < count; i++)
        free(names[i]);
    free(names);
}

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
    char relative[NAME_MAX + 8], path[PATH_MAX];
    fault_t fault = {0};
    snprintf(relative, sizeof relative, "tests/%s", name);
    CLEANUP(bytes_destroy)
    bytes_t *test = file_read(path_in(playbook->folder, relative, path), RUNNER_TEXT_MAX, &fault);
    bool wrong = !test || rehearse(playbook->manifest, bytes_slice(playbook->text),
                                   bytes_slice(test), &fault);
    tell(report, playbook->folder, relative, wrong ? fault.text : NULL);
}

static void
test_folder(report_t *report, const char *folder)
{
    char path[PATH_MAX];
    fault_t fault = {0};
    struct dirent **names = NULL;
    CLEANUP(playbook_clear) playbook_t playbook = {0};
    if (playbook_load(&playbook, folder, &fault)) {
        tell(report, folder, "playbook.lua", fault.text);
        return;
    }
    int count = scandir(path_in(folder, "tests", path), &names, is_test, alphasort);
    if (count <= 0)
        tell(report, folder, "tests", "no test is there: tests/NAME.lua");
    for (int i = 0; i < count; i++)
        test_one(report, &playbook, names[i]->d_name);
    free_names(names, count);
}

static int
playbook_test(const options_t *options, int argc, char **argv)
{
    CLEANUP(value_destroy) value_t *list = value_list();
    report_t report = {.options = options, .list = list};
    if (argc < 2)
        return command_usage(&playbook_commands[2], "no folder is named");
    for (int i = 1; i < argc; i++)
        test_folder(&report, argv[i]);
    if (options->json)
        json_print("tests", list);
    else
        printf("%d passed, %d failed\n", report.passed, report.failed);
    return report.failed ? 1 : 0;
}

const command_t playbook_commands[] = {
    {"playbook", "list", playbook_list, "", "the site's releases, and which are in service"},
    {"playbook", "lint", playbook_lint, "FOLDER...", "loads playbooks and says what is wrong"},
    {"playbook", "test", playbook_test, "FOLDER...", "runs playbooks' own tests in the sandbox"},
    {"playbook", "propose", playbook_propose, "FOLDER --repo REPO [--author NAME]",
     "makes a signed release for review"},
    {NULL, NULL, NULL, NULL, NULL},
};
