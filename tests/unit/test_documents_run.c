/* SPDX-License-Identifier: Apache-2.0 */
/* What runs are made of: releases, grants, alerts, receipts, consents, stops. */
#include "documents_fixture.h"
#include "keys/receipts.h"

/* releases */

static void
rel_path_traversal(void **state)
{
    (void)state;
    static const char *const bad[] = {"../x", "a/../x", "/etc/passwd", "a//b",  "a/",      "./a",
                                      "..",   "a/.",    "a\\b",        "a%2fb", "\xc3\xa9"};
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        release_t *release = site_release(site);
        site_add_file(release, bad[i], slice_text("x"));
        release_file_t *file = release->files; /* first, so that the order of lines is no matter */
        release_file_t last = file[2];
        memmove(file + 1, file, 2 * sizeof *file);
        file[0] = last;
        CLEANUP(bytes_destroy) bytes_t *text = text_of_release(release);
        assert_int_equal(judge_release(bytes_slice(text)), FAULT_FORMAT);
    }
}

static void
rel_path_case_collision(void **state)
{
    (void)state;
    static const char *const bad[] = {"tests/A\nfile tests/a", "tests\nfile tests/a",
                                      "Tests/x\nfile tests"};
    static const char *const good[] = {"tests/a\nfile tests/b", "tests.lua\nfile tests/a"};
    release_t *release = site_release(site);
    site_add_file(release, "tests", slice_text("x"));
    CLEANUP(bytes_destroy) bytes_t *text = text_of_release(release);
    const char *rest = strstr(bytes_text(text), "file tests") + strlen("file tests");
    for (size_t i = 0; i < ARRAY_SIZE(bad) + ARRAY_SIZE(good); i++) {
        const char *paths = i < ARRAY_SIZE(bad) ? bad[i] : good[i - ARRAY_SIZE(bad)];
        const char *second = strstr(paths, "\nfile ");
        CLEANUP(bytes_destroy) bytes_t *lines = bytes_new();
        size_t tail = strcspn(rest, "\n");
        bytes_addf(lines, "file %.*s%.*s%s", (int)(second - paths), paths, (int)tail, rest, second);
        CLEANUP(bytes_destroy) bytes_t *edited = edit(text, "file tests", bytes_text(lines));
        if (i < ARRAY_SIZE(bad))
            assert_int_equal(judge_release(bytes_slice(edited)), FAULT_FORMAT);
        else
            assert_int_equal(judge_release(bytes_slice(edited)), FAULT_NONE);
    }
}

static void
rel_file_truncated(void **state)
{
    (void)state;
    fault_t fault = {0};
    CLEANUP(release_destroy) release_t *release = site_release(site);
    slice_t lua = slice_text(SITE_PLAYBOOK);
    assert_int_equal(release_check_file(release, "playbook.lua", lua, &fault), 0);
    lua.size--;
    assert_int_equal(release_check_file(release, "playbook.lua", lua, &fault), -1);
    assert_int_equal(fault.code, FAULT_HASH);
}

static void
rel_file_swapped_same_sha1(void **state)
{
    (void)state;
    fault_t fault = {0};
    CLEANUP(release_destroy) release_t *release = site_release(site);
    CLEANUP(bytes_destroy) bytes_t *other = bytes_copy(slice_text(SITE_PLAYBOOK));
    other->data[0] ^= 1;
    assert_int_equal(release_check_file(release, "playbook.lua", bytes_slice(other), &fault), -1);
    assert_int_equal(fault.code, FAULT_HASH);
}

static void
rel_extra_file(void **state)
{
    (void)state;
    fault_t fault = {0};
    CLEANUP(release_destroy) release_t *release = site_release(site);
    assert_int_equal(release_check_file(release, "extra", slice_text("x"), &fault), -1);
    assert_int_equal(fault.code, FAULT_NOT_FOUND);
}

static void
rel_mix_and_match_manifest(void **state)
{
    (void)state;
    release_t *release = site_release(site);
    release->manifest.bytes[0] ^= 1;
    CLEANUP(bytes_destroy) bytes_t *text = text_of_release(release);
    assert_int_equal(judge_release(bytes_slice(text)), FAULT_HASH);
    release = site_release(site);
    release->author_count = 0;
    CLEANUP(bytes_destroy) bytes_t *orphan = text_of_release(release);
    assert_int_equal(judge_release(bytes_slice(orphan)), FAULT_FORMAT);
}

static void
release_files_have_bounds(void **state)
{
    (void)state;
    for (int files = 2; files <= 3; files++) {
        release_t *release = site_release(site);
        for (int i = 0; i < files; i++) {
            char path[16];
            snprintf(path, sizeof path, "test%d", i);
            site_add_file(release, path, slice_text(""));
            release->files[release->file_count - 1].bytes = RELEASE_BYTES_MAX / 2 - 1000;
        }
        CLEANUP(bytes_destroy) bytes_t *text = text_of_release(release);
        assert_int_equal(judge_release(bytes_slice(text)), files == 3 ? FAULT_LIMIT : FAULT_NONE);
    }
}

/* grants and alerts */

static fault_code_t
judge_input(const char *name, const char *text)
{
    fault_t fault = {0};
    CLEANUP(grant_destroy) grant_t *grant = full_grant();
    input_text_t input;
    text_copy(input.name, sizeof input.name, name);
    text_copy(input.text, sizeof input.text, text);
    if (grant_check_inputs(grant, &input, 1, &fault))
        return fault.code;
    return FAULT_NONE;
}

static void
grant_input_injection_shell_metachars(void **state)
{
    (void)state;
    assert_int_equal(judge_input("mode", "soft"), FAULT_NONE);
    assert_int_equal(judge_input("mode", "soft; rm -rf /"), FAULT_INPUT);
    assert_int_equal(judge_input("mode", "$(id)"), FAULT_INPUT);
    assert_int_equal(judge_input("other", "soft"), FAULT_INPUT);
    assert_int_equal(judge_input("goal", "50"), FAULT_NONE);
    assert_int_equal(judge_input("goal", "95"), FAULT_NONE);
    assert_int_equal(judge_input("goal", "49"), FAULT_INPUT);
    assert_int_equal(judge_input("goal", "96"), FAULT_INPUT);
    assert_int_equal(judge_input("goal", "080"), FAULT_INPUT);
    assert_int_equal(judge_input("goal", "80 "), FAULT_INPUT);
}

static void
grant_input_path_that_climbs(void **state)
{
    (void)state;
    assert_int_equal(judge_input("mount", "/var"), FAULT_NONE);
    assert_int_equal(judge_input("mount", "/var/log"), FAULT_NONE);
    assert_int_equal(judge_input("mount", "/var/../etc"), FAULT_INPUT);
    assert_int_equal(judge_input("mount", "/var/.."), FAULT_INPUT);
    assert_int_equal(judge_input("mount", "/var//log"), FAULT_INPUT);
    assert_int_equal(judge_input("mount", "/variant"), FAULT_INPUT);
    assert_int_equal(judge_input("mount", "var"), FAULT_INPUT);
    assert_int_equal(judge_input("mount", ""), FAULT_INPUT);
}

static void
grant_lines_are_checked(void **state)
{
    (void)state;
    CLEANUP(bytes_destroy) bytes_t *grant = text_of_grant(full_grant());
    assert_int_equal(judge_edit(judge_grant, grant, "source monitor\n", ""), FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_grant, grant, "under /var", "within 10.0.0.0/8"), FAULT_NONE);
    assert_int_equal(judge_edit(judge_grant, grant, "under /var", "within 10.0.0.1/8"),
                     FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_grant, grant, "under /var", "beside /var"), FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_grant, grant, "match labels.alertname", "match labels."),
                     FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_grant, grant, "match labels.alertname", "match source"),
                     FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_grant, grant, "mode equals", "mode matches"), FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_grant, grant, "under /var", "under var"), FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_grant, grant, "equals soft", "equals %1B[8m"), FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_grant, grant, "alertname DiskFull", "alertname %1B[8m"),
                     FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_grant, grant, "from 50", "from 5x"), FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_grant, grant, "evidence token", "evidence none"),
                     FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_grant, grant, "budget 3 3600", "budget 0 3600"),
                     FAULT_FORMAT);
}

/* The document with so many more lines behind its 'last', each 'front', a number and 'back'. */
static fault_code_t
judge_crowd(judge_t *judge, const bytes_t *document, const char *last, const char *front,
            const char *back, unsigned count)
{
    CLEANUP(bytes_destroy) bytes_t *lines = bytes_new();
    bytes_add_text(lines, last);
    for (unsigned i = 0; i < count; i++)
        bytes_addf(lines, "%s%02u%s\n", front, i, back);
    return judge_edit(judge, document, last, bytes_text(lines));
}

static void
grants_and_orders_have_so_many_lines(void **state)
{
    (void)state;
    CLEANUP(bytes_destroy) bytes_t *grant = text_of_grant(full_grant());
    CLEANUP(bytes_destroy) bytes_t *order = text_of_order(full_order());
    const struct {
        judge_t *judge;
        const bytes_t *document;
        const char *last, *front, *back;
        unsigned room; /* behind the lines that are there */
    } kinds[] = {
        {judge_grant, grant, "source monitor\n", "source n", "", GRANT_LINES_MAX - 1},
        {judge_grant, grant, "DiskFull\n", "match title t", "", GRANT_LINES_MAX - 1},
        {judge_grant, grant, "bound mount under /var\n", "bound n", " equals x",
         GRANT_LINES_MAX - 4},
        {judge_order, order, "input goal 80\n", "input h", " x", ORDER_INPUTS_MAX - 2},
    };
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
        for (unsigned over = 0; over < 2; over++)
            assert_int_equal(judge_crowd(kinds[i].judge, kinds[i].document, kinds[i].last,
                                         kinds[i].front, kinds[i].back, kinds[i].room + over),
                             over ? FAULT_LIMIT : FAULT_NONE);
}

static void
alert_lines_are_checked(void **state)
{
    (void)state;
    alert_t *made = site_alert(site);
    text_copy(made->labels[1].value, sizeof made->labels[1].value, "two\nlines; \x01 and %");
    CLEANUP(bytes_destroy) bytes_t *alert = text_of_alert(made);
    assert_int_equal(judge_alert(bytes_slice(alert)), FAULT_NONE);
    assert_int_equal(judge_edit(judge_alert, alert, "status firing", "status burning"),
                     FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_alert, alert, "severity high", "severity awful"),
                     FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_alert, alert, "host web1", "host web 1"), FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_alert, alert, "label alertname", "label alert%20name"),
                     FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_alert, alert, "label mountpoint", "label alertname"),
                     FAULT_FORMAT);
}

static void
alert_fields_are_found_by_name(void **state)
{
    (void)state;
    CLEANUP(alert_destroy) alert_t *alert = site_alert(site);
    assert_string_equal(alert_field(alert, "labels.mountpoint"), "/var");
    assert_string_equal(alert_field(alert, "severity"), "high");
    assert_string_equal(alert_field(alert, "host"), "web1.example");
    assert_string_equal(alert_field(alert, "source"), "monitor");
    assert_null(alert_field(alert, "labels.other"));
    assert_null(alert_field(alert, "annotations.mountpoint"));
    assert_null(alert_field(alert, "labels."));
    assert_null(alert_field(alert, "fingerprint"));
}

static void
event_makes_the_run_of_a_grant(void **state)
{
    (void)state;
    hash_t grant = hash_of(slice_text("grant"));
    CLEANUP(alert_destroy) alert_t *alert = site_alert(site);
    hash_t first = grant_run(&grant, alert);
    alert->received = site_after(alert->received, 5);
    hash_t again = grant_run(&grant, alert);
    assert_true(hash_equal(&first, &again));
    alert->starts = site_after(alert->starts, 5);
    hash_t later = grant_run(&grant, alert);
    assert_false(hash_equal(&first, &later));
}

/* receipts */

static void
receipt_lines_are_checked(void **state)
{
    (void)state;
    CLEANUP(bytes_destroy) bytes_t *receipt = text_of_receipt(site_receipt(site));
    assert_int_equal(judge_edit(judge_receipt, receipt, "sequence 1", "sequence 2"), FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_receipt, receipt, "outcome ok", "outcome open"),
                     FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_receipt, receipt, "part ok", "part open"), FAULT_NONE);
    assert_int_equal(judge_edit(judge_receipt, receipt, "outcome ok", "outcome failed"),
                     FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_receipt, receipt, "code none", "code failed"), FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_receipt, receipt, "attempt 1", "attempt 0"), FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_receipt, receipt, "op 1 ", "op 2 "), FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_receipt, receipt, " ok\nend", " fine\nend"), FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_receipt, receipt, " 0\nop 1", " 1\nop 1"), FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_receipt, receipt, "authority order", "authority broker"),
                     FAULT_FORMAT);
}

static void
receipt_names_a_step_by_its_path(void **state)
{
    (void)state;
    CLEANUP(bytes_destroy) bytes_t *receipt = text_of_receipt(site_receipt(site));
    static const struct {
        const char *path;
        fault_code_t code;
    } paths[] = {{"a/b", FAULT_NONE},   {"a/b/c/d", FAULT_NONE}, {"a/b/c/d/e", FAULT_FORMAT},
                 {"/a", FAULT_FORMAT},  {"a/", FAULT_FORMAT},    {"a//b", FAULT_FORMAT},
                 {"a/-", FAULT_FORMAT}, {"A", FAULT_FORMAT}};
    for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
        char line[64];
        snprintf(line, sizeof line, "step %s", paths[i].path);
        assert_int_equal(judge_edit(judge_receipt, receipt, "step usage", line), paths[i].code);
    }
    char longest[STEP_PATH_MAX + 1];
    memset(longest, 'x', sizeof longest);
    longest[STEP_PATH_MAX - 1] = '\0';
    assert_false(step_path_valid(longest));
    longest[63] = longest[127] = longest[191] = '/';
    assert_true(step_path_valid(longest));
    assert_int_equal(strlen(step_path_name(longest)), TEXT_NAME_MAX);
    assert_string_equal(step_path_name("usage"), "usage");
}

static void
receipt_is_of_running_or_of_undoing(void **state)
{
    (void)state;
    receipt_t *made = site_receipt(site);
    made->phase = PHASE_UNDO;
    made->consent = hash_of(slice_text("consent"));
    CLEANUP(bytes_destroy) bytes_t *receipt = text_of_receipt(made);
    assert_int_equal(judge_receipt(bytes_slice(receipt)), FAULT_NONE);
    assert_int_equal(judge_edit(judge_receipt, receipt, "phase undo", "phase run"), FAULT_NONE);
    assert_int_equal(judge_edit(judge_receipt, receipt, "phase undo", "phase redo"), FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_receipt, receipt, "phase undo\n", ""), FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_receipt, receipt, "step usage\nphase undo\nattempt 1",
                                "step -\nphase undo\nattempt 0"),
                     FAULT_FORMAT);
    char zero[HASH_TEXT], line[128];
    CLEANUP(bytes_destroy) bytes_t *plain = text_of_receipt(site_receipt(site));
    snprintf(line, sizeof line, "consent %s\noutput", hash_write(&HASH_ZERO, zero));
    assert_int_equal(judge_edit(judge_receipt, plain, "output", line), FAULT_FORMAT);
}

/* consents, stops, resumes */

static void
consent_lines_are_checked(void **state)
{
    (void)state;
    CLEANUP(bytes_destroy) bytes_t *consent = text_of_consent(full_consent(false));
    CLEANUP(bytes_destroy) bytes_t *answer = text_of_consent(full_consent(true));
    assert_int_equal(judge_edit(judge_consent, consent, "value yes", "value no"), FAULT_NONE);
    assert_int_equal(judge_edit(judge_consent, consent, "value yes", "value maybe"), FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_consent, consent, "tocsin-consent", "tocsin-answer"),
                     FAULT_NONE);
    assert_int_equal(judge_edit(judge_consent, answer, "tocsin-answer", "tocsin-consent"),
                     FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_consent, answer, "value 80%20%25", "value %"), FAULT_NONE);
    assert_int_equal(judge_edit(judge_consent, answer, "value 80%20%25", "value 80 %25"),
                     FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_consent, consent, "step outer/go", "step -"), FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_consent, consent, "target w2/router 0", "target w1 f"),
                     FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_consent, consent, "target w2/router", "target w2/"),
                     FAULT_FORMAT);
    consent_t *nobody = full_consent(false);
    nobody->target_count = 0;
    CLEANUP(bytes_destroy) bytes_t *empty = text_of_consent(nobody);
    assert_int_equal(judge_consent(bytes_slice(empty)), FAULT_FORMAT);
}

/* As many as fit into a document. */
static void
consent_names_so_many_targets(void **state)
{
    (void)state;
    for (size_t count = 2000; count <= 4000; count += 2000) {
        consent_t *consent = full_consent(false);
        consent->target_count = 0;
        for (size_t i = 0; i < count; i++) {
            char target[32];
            snprintf(target, sizeof target, "a%04zu", i);
            site_add_shown(consent, target, &HASH_ZERO);
        }
        CLEANUP(bytes_destroy) bytes_t *text = text_of_consent(consent);
        bool fits = text->size <= DOCUMENT_BYTES_MAX;
        assert_int_equal(judge_consent(bytes_slice(text)), fits ? FAULT_NONE : FAULT_LIMIT);
        assert_int_equal(fits, count == 2000);
    }
}

static void
stop_names_what_it_stops(void **state)
{
    (void)state;
    static const struct {
        const char *what, *name;
        fault_code_t code;
    } rows[] = {
        {"region", "north", FAULT_NONE},
        {"playbook", "disk-full", FAULT_NONE},
        {"site", "-", FAULT_NONE},
        {"run", "acba25512100f80b56fc3ccd14c65be55d94800cda77585c5f41a887e398f9be", FAULT_NONE},
        {"run", "acba2551", FAULT_FORMAT},
        {"run", "ACBA25512100f80b56fc3ccd14c65be55d94800cda77585c5f41a887e398f9be", FAULT_FORMAT},
        {"site", "north", FAULT_FORMAT},
        {"region", "-", FAULT_FORMAT},
        {"playbook", "-", FAULT_FORMAT},
        {"worker", "w1", FAULT_FORMAT},
    };
    CLEANUP(bytes_destroy) bytes_t *stop = text_of_stop(site_stop(site, HALT_REGION, "west"));
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        char lines[128];
        snprintf(lines, sizeof lines, "what %s\nname %s\n", rows[i].what, rows[i].name);
        assert_int_equal(judge_edit(judge_stop, stop, "what region\nname west\n", lines),
                         rows[i].code);
    }
    assert_int_equal(judge_edit(judge_stop, stop, "nonce ff", "nonce f"), FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_stop, stop, "nonce", "until 2026-11-25T04:04:05Z\nnonce"),
                     FAULT_FORMAT);
    stop_t *of_run = site_stop(site, HALT_RUN, rows[3].name);
    of_run->until = site_after(site->now, 86400);
    CLEANUP(bytes_destroy) bytes_t *ending = text_of_stop(of_run);
    assert_int_equal(judge_stop(bytes_slice(ending)), FAULT_NONE);
    assert_int_equal(judge_edit(judge_stop, ending, "until 2026-11-23T03", "until 2026-11-23 03"),
                     FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_stop, ending, "until 2026-11-23", "until 2026-11-22"),
                     FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_stop, stop, "reason it", "reason \xe2\x80\xaeit"),
                     FAULT_FORMAT);
    hash_t hash = hash_of(bytes_slice(stop));
    CLEANUP(bytes_destroy) bytes_t *resume = text_of_resume(site_resume(site, &hash));
    assert_int_equal(judge_edit(judge_resume, resume, "stop ", "stop 0"), FAULT_FORMAT);
    assert_int_equal(judge_edit(judge_resume, resume, "reason ", "because "), FAULT_FORMAT);
}

static void
byz_forge_receipt(void **state)
{
    (void)state;
    fault_t fault = {0};
    const pubkey_t *w1 = machinekey_public(site_key(site, "w1"));
    static const char *const signers[] = {"w1", "w2"};
    static const fault_code_t codes[] = {FAULT_NONE, FAULT_KEY};
    for (size_t i = 0; i < ARRAY_SIZE(signers); i++) {
        sealed_t sealed = site_seal_receipt(site, site_receipt(site), signers[i]);
        int failed = receipts_check(bytes_slice(sealed.document), bytes_slice(sealed.armors), w1,
                                    NULL, &fault);
        assert_true(failed == (codes[i] == FAULT_NONE ? 0 : -1));
        assert_int_equal(fault.code, codes[i]);
        sealed_done(&sealed);
    }
    sealed_t sealed = site_seal_receipt(site, site_receipt(site), "w1");
    sealed.document->data[sealed.document->size - 1] = ' ';
    assert_int_equal(
        receipts_check(bytes_slice(sealed.document), bytes_slice(sealed.armors), w1, NULL, &fault),
        -1);
    assert_int_equal(fault.code, FAULT_SIGNATURE);
    sealed_done(&sealed);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rel_path_traversal),
        cmocka_unit_test(rel_path_case_collision),
        cmocka_unit_test(rel_file_truncated),
        cmocka_unit_test(rel_file_swapped_same_sha1),
        cmocka_unit_test(rel_extra_file),
        cmocka_unit_test(rel_mix_and_match_manifest),
        cmocka_unit_test(release_files_have_bounds),
        cmocka_unit_test(grant_input_injection_shell_metachars),
        cmocka_unit_test(grant_input_path_that_climbs),
        cmocka_unit_test(grant_lines_are_checked),
        cmocka_unit_test(grants_and_orders_have_so_many_lines),
        cmocka_unit_test(alert_lines_are_checked),
        cmocka_unit_test(alert_fields_are_found_by_name),
        cmocka_unit_test(event_makes_the_run_of_a_grant),
        cmocka_unit_test(receipt_lines_are_checked),
        cmocka_unit_test(receipt_names_a_step_by_its_path),
        cmocka_unit_test(receipt_is_of_running_or_of_undoing),
        cmocka_unit_test(consent_lines_are_checked),
        cmocka_unit_test(consent_names_so_many_targets),
        cmocka_unit_test(stop_names_what_it_stops),
        cmocka_unit_test(byz_forge_receipt),
    };
    return cmocka_run_group_tests(tests, open_site, close_site);
}
