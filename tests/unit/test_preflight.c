/* SPDX-License-Identifier: Apache-2.0 */
/* A broker's configuration, as `tocsin-broker -n` looks at it and at what it names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <ftw.h>
#include <sys/stat.h>

#include "broker/preflight.h"
#include "tests/unit/site_fixture.h"

#define BASE "site /s\nname hub\nlisten tcp://*:7010\ncurve-secret /c\nsigning-key /k\n"

typedef struct {
    site_t *site;
    const char *folder; /* the site fixture's; also where the program's bin/ is */
    const char *state;  /* where the record is; NULL: state/ in the folder */
    unsigned stops;     /* of the last look */
} bench_t;

static char heard[4096]; /* what was told, a line each */

static void
hear(bool stops, const char *text)
{
    size_t used = strlen(heard);
    snprintf(heard + used, sizeof heard - used, "%s %s\n", stops ? "stops:" : "less:", text);
}

static void
make_folder(bench_t *self, const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", self->folder, name);
    assert_int_equal(mkdir(path, 0755), 0);
}

static void
make_file(bench_t *self, const char *name, const char *text, mode_t mode)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", self->folder, name);
    assert_int_equal(file_write(path, slice_text(text), mode, NULL), 0);
}

static int
set_up(void **state)
{
    bench_t *self = memory_new(1, sizeof *self);
    self->site = site_new();
    self->folder = site_folder(self->site);
    const char *const folders[] = {"bin",      "libexec",          "libexec/tocsin",
                                   "repo.git", "repo.git/objects", "repo.git/refs"};
    for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
        make_folder(self, folders[i]);
    make_file(self, "repo.git/HEAD", "ref: refs/heads/main\n", 0644);
    make_file(self, "libexec/tocsin/catalog", "#!\n", 0755);
    make_file(self, "libexec/tocsin/mailer", "#!\n", 0755);
    *state = self;
    return 0;
}

static int
remove_one(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    (void)status, (void)kind, (void)walk;
    return remove(path);
}

static int
tear_down(void **state)
{
    bench_t *self = *state;
    nftw(self->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    self->site->scratch[0] = '\0';
    site_destroy(&self->site);
    free(self);
    return 0;
}

/* Looks at these settings behind BASE and the state; each %s in them is the folder. */
static void
look(bench_t *self, const char *format)
{
    fault_t fault = {0};
    char program[256];
    curvekey_t key = site_curve("hub");
    const char *at = self->folder;
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    bytes_addf(text, BASE "state %s%s\n", self->state ? "" : at,
               self->state ? self->state : "/state");
    for (const char *next; (next = strstr(format, "%s")); format = next + 2)
        bytes_addf(text, "%.*s%s", (int)(next - format), format, at);
    bytes_add_text(text, format);
    make_file(self, "broker.conf", bytes_text(text), 0644);
    snprintf(program, sizeof program, "%s/broker.conf", at);
    CLEANUP(settings_destroy) settings_t *settings = settings_read(program, &fault);
    if (!settings)
        fail_msg("%s", fault.text);
    snprintf(program, sizeof program, "%s/bin", at);
    heard[0] = '\0';
    self->stops = preflight(
        &(preflight_t){settings, self->site->trust, &key, self->site->now, program, hear});
}

static void
hears(bench_t *self, const char *settings, unsigned stops, const char *words)
{
    look(self, settings);
    if (self->stops != stops || (*words ? !strstr(heard, words) : *heard != '\0'))
        fail_msg("%u and '%s' are wanted; %u: %s", stops, words, self->stops, heard);
}

static void
hear_fault(const char *text)
{
    hear(true, text);
}

/* Reads a file of these lines, which is not to be read. */
static void
reads(const bench_t *self, const char *lines, const char *last)
{
    fault_t fault = {0};
    char path[256];
    snprintf(path, sizeof path, "%s/broker.conf", self->folder);
    assert_int_equal(file_write(path, slice_text(lines), 0644, NULL), 0);
    heard[0] = '\0';
    assert_null(settings_check(path, hear_fault, &fault));
    assert_int_equal(fault.code, FAULT_CONFIG);
    if (!strstr(fault.text, last))
        fail_msg("'%s' is wanted: %s", last, fault.text);
}

static void
each_fault_of_the_file_is_told(void **state)
{
    reads(*state,
          "name hub\nname hub\nlisten nowhere\nwhat 1\nhttp 1\nsource a alertmanager token-file "
          "/none\nuid x\ncurve-secret /c\nsigning-key /k\nstate /s\nuplink hub tcp://h:1\n",
          "broker.conf: 8 faults: nothing would start");
    static const char *const told[] = {
        "broker.conf:2: 'name' stands here a second time",
        "broker.conf:3: 'nowhere' is not tcp://",
        "broker.conf:4: 'what' is no setting",
        "broker.conf:5: 'http' takes one",
        "broker.conf:6: the token of source 'a'",
        "broker.conf:7: 'uid' takes one number",
        "broker.conf: 'site' is not set",
        "broker.conf: 'uplink' names this broker itself",
    };
    for (size_t i = 0; i < ARRAY_SIZE(told); i++)
        if (!strstr(heard, told[i]))
            fail_msg("'%s' is wanted: %s", told[i], heard);
    assert_null(strstr(heard, "'listen' is not set"));
}

static void
a_line_that_cannot_be_read_is_told_beside_the_others(void **state)
{
    reads(*state, "name \"hub\nlisten nowhere\n", "broker.conf: 2 faults");
    assert_non_null(strstr(heard, "broker.conf:1: a quote has no end"));
    assert_non_null(strstr(heard, "broker.conf:2: 'nowhere' is not tcp://"));
    assert_null(strstr(heard, "is not set"));
}

static void
what_is_whole_is_told_nothing(void **state)
{
    hears(*state, "catalog %s/repo.git\n", 0, "");
}

static void
a_repository_that_is_missing_or_none_is_told_with_file_and_line(void **state)
{
    bench_t *self = *state;
    hears(self, "# of the north\ncatalog %s/none.git\n", 1, "broker.conf:8: the repository '/tmp/");
    hears(self, "catalog %s/bin\n", 0, "broker.conf:7: no release would be found: '/tmp/");
    assert_non_null(strstr(heard, "it has no 'HEAD'\n"));
    make_folder(self, "bin/.git");
    hears(self, "catalog %s/bin\n", 0, "it has no 'HEAD'; its .git is one");
}

static void
a_repository_that_its_reader_may_not_read_is_told(void **state)
{
    bench_t *self = *state;
    char path[256];
    if (geteuid() != 0)
        skip();
    snprintf(path, sizeof path, "%s/repo.git/refs", self->folder);
    assert_int_equal(chmod(path, 0700), 0);
    hears(self, "catalog %s/repo.git\ncatalog-uid 64002\n", 0, "uid 64002 reads '/tmp/");
    assert_non_null(strstr(heard, "/refs': Permission denied"));
    hears(self, "catalog %s/repo.git\n", 0, "");
}

static void
a_program_or_a_sendmail_that_is_missing_is_told(void **state)
{
    bench_t *self = *state;
    char path[256];
    hears(self, "sink duty mail to a@b\nsendmail %s/none\n", 0,
          "broker.conf:8: no mail would go out: '/tmp/");
    snprintf(path, sizeof path, "%s/libexec/tocsin/mailer", self->folder);
    assert_int_equal(unlink(path), 0);
    hears(self, "sink duty mail to a@b\nsendmail /bin/true\n", 1, "broker.conf:7: its program '");
}

static void
a_record_that_has_no_room_or_was_lost_is_told(void **state)
{
    bench_t *self = *state;
    char path[256];
    make_file(self, "state", "", 0644);
    hears(self, "", 1, "broker.conf:6: '/tmp/");
    assert_non_null(strstr(heard, "/state' is no folder"));
    snprintf(path, sizeof path, "%s/state", self->folder);
    assert_int_equal(unlink(path), 0);
    make_folder(self, "state");
    make_file(self, "state/initialised", "broker.db\n", 0600);
    hears(self, "", 1, "broker.db' is lost: restore it");
    make_file(self, "state/broker.db", "", 0600);
    hears(self, "", 0, "");
}

static void
a_record_may_begin_in_a_folder_of_the_root(void **state)
{
    bench_t *self = *state;
    if (geteuid() != 0)
        skip();
    self->state = "/tocsin-preflight";
    hears(self, "", 0, "");
    self->state = "/tocsin-preflight/a/b";
    hears(self, "", 0, "");
}

static void
a_grant_that_does_not_count_is_told(void **state)
{
    bench_t *self = *state;
    hears(self, "grant %s/first\ngrant %s/second\n", 0,
          "broker.conf:8: nothing would start by it: ");
    make_file(self, "first", "tocsin-grant v1\n", 0644);
    make_file(self, "first.sigs", "", 0644);
    hears(self, "grant %s/first\n", 0, "broker.conf:7: nothing would start by it: ");
}

static void
names_that_people_and_root_do_not_know_are_told(void **state)
{
    bench_t *self = *state;
    hears(self, "timekeeper tcp://a:1\n", 0, "broker.conf:7: root names no timekeeper");
    hears(self, "uplink centre tcp://a:1\n", 0, "broker.conf:7: people lists no broker 'centre'");
    hears(self, "source prom signed\n", 0, "broker.conf:7: no 'http' line");
}

#define SCENE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(each_fault_of_the_file_is_told),
        SCENE(a_line_that_cannot_be_read_is_told_beside_the_others),
        SCENE(what_is_whole_is_told_nothing),
        SCENE(a_repository_that_is_missing_or_none_is_told_with_file_and_line),
        SCENE(a_repository_that_its_reader_may_not_read_is_told),
        SCENE(a_program_or_a_sendmail_that_is_missing_is_told),
        SCENE(a_record_that_has_no_room_or_was_lost_is_told),
        SCENE(a_record_may_begin_in_a_folder_of_the_root),
        SCENE(a_grant_that_does_not_count_is_told),
        SCENE(names_that_people_and_root_do_not_know_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
