/* SPDX-License-Identifier: Apache-2.0 */
/* effector_fixture - an effector over a signed site, with an op runner that only notes what it is
 * asked and a clock, and everybody it talks to played by the test. */
#ifndef TOCSIN_EFFECTOR_FIXTURE_H
#define TOCSIN_EFFECTOR_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/site_fixture.h"
#include "wire/manifest.h"
#include "worker/effector.h"
#include "wire/site_folder.h"

#define MANIFEST                                                                                \
    "tocsin-manifest v1\nplaybook disk-full\nsummary Free space\nclass change\n"                \
    "rollout 1 2 30 0\nlimits 0 0\ncooldown 0\ninput mount path\ndefault mount /var/log\nfrom " \
    "mount labels.mountpoint\n"                                                                 \
    "step clean run 60 undo\nstep usage run 30 -\nuse clean file.remove change\n"               \
    "use clean file.rotate change\nuse clean service.restart change\n"                          \
    "use usage disk.usage observe\n"                                                            \
    "bound clean file.remove path under inputs.mount\n"                                         \
    "bound usage disk.usage path under inputs.mount\nend\n"
#define POLICY                                                                        \
    "allow disk.usage\nallow file.remove\nallow file.rotate\nallow service.restart\n" \
    "class highest change\n"                                                          \
    "read /var\nspool /var/log\nrate file.remove 3 60\n"                              \
    "service web pidfile /run/web.pid\nservice web start /usr/sbin/web\n"

/* An effector over a site in memory, an op runner that only notes what it is asked, and a clock. */
typedef struct {
    site_t *site;
    char folder[64], kept[96], policy_path[96], journal_path[96];
    policy_t *policy;
    trust_t *trust;
    journal_t *journal;
    effector_t *effector;
    const char *boot; /* NULL: the first */
    mono_t clock;
    uint8_t drawn; /* nonces */
    sealed_t release, authority, alert;
    hash_t run;
    wall_t now;
    size_t started, foreseen, looked, ended_last, cut; /* how often each was asked */
    wall_t begun;  /* what is said of when a fix that is looked for began */
    size_t flight; /* started last */
    bool began;    /* BEGIN stood in the journal then */
    bool refuses_start, lives_on;
    frames_t *answer;  /* to the last message */
    const char *phase; /* of the ops that are sent; NULL for run */
    bytes_t *place;    /* of the warrant; NULL for none */
} bench_t;

static inline wall_t
fake_now(void *self)
{
    return ((bench_t *)self)->now;
}

static inline int
fake_start(void *self, size_t flight, const op_t *op, const value_t *arguments, const hash_t *key,
           fault_t *fault)
{
    bench_t *bench = self;
    (void)op, (void)arguments;
    const journal_entry_t *entry = key ? journal_find(bench->journal, key) : NULL;
    if (bench->refuses_start)
        return fault_set(fault, FAULT_IO, "no process");
    bench->started++;
    bench->flight = flight;
    bench->began = entry && !entry->ended;
    return 0;
}

static inline int
fake_foresee(void *self, size_t flight, const op_t *op, const value_t *arguments, fault_t *fault)
{
    bench_t *bench = self;
    bench->foreseen++;
    return fake_start(self, flight, op, arguments, NULL, fault);
}

static inline int
fake_look(void *self, size_t flight, const op_t *op, const value_t *arguments, const hash_t *key,
          wall_t *begun, fault_t *fault)
{
    bench_t *bench = self;
    assert_int_equal(op->least, CLASS_OBSERVE);
    assert_int_equal(op_check(op, arguments, fault), 0);
    assert_non_null(journal_find(bench->journal, key));
    bench->looked++;
    bench->flight = flight;
    *begun = bench->begun;
    return bench->refuses_start ? fault_set(fault, FAULT_IO, "no process") : 0;
}

static inline int
fake_end_last(void *self, const hash_t *key, fault_t *fault)
{
    bench_t *bench = self;
    (void)key;
    bench->ended_last++;
    return bench->lives_on ? fault_set(fault, FAULT_TIMEOUT, "it lives on") : 0;
}

static inline void
fake_cut(void *self, size_t flight)
{
    bench_t *bench = self;
    bench->cut++;
    assert_int_equal(flight, bench->flight);
}

static inline mono_t
fake_clock(void *self)
{
    const bench_t *bench = self;
    return bench->clock;
}

/* Another one each time. */
static inline void
fake_draw(void *self, nonce_t *nonce)
{
    bench_t *bench = self;
    *nonce = (nonce_t){{++bench->drawn}};
}

static inline void
close_effector(bench_t *bench)
{
    effector_destroy(&bench->effector);
    journal_destroy(&bench->journal);
    trust_destroy(&bench->trust);
}

/* As a process that starts: all that it knows is on the disk. */
static inline void
open_effector(bench_t *bench)
{
    fault_t fault = {0};
    close_effector(bench);
    bench->trust = trust_new(&bench->site->id);
    bench->journal = journal_open(bench->journal_path, &fault);
    if (!bench->journal || site_folder_load(bench->kept, bench->trust, &fault))
        fail_msg("%s", fault.text);
    effector_place_t place = {
        .worker = "w1",
        .boot = bench->boot ? bench->boot : "first",
        .folder = bench->kept,
        .trust = bench->trust,
        .journal = bench->journal,
        .policy = bench->policy,
        .io = {bench, fake_now, fake_start, fake_foresee, fake_look, fake_end_last, fake_cut,
               fake_clock, fake_draw},
    };
    bench->effector = effector_new(&place, &fault);
    if (!bench->effector)
        fail_msg("%s", fault.text);
}

/* As one that starts over the policy with these lines behind it. */
static inline void
open_with(bench_t *bench, const char *lines)
{
    fault_t fault = {0};
    char text[1024];
    snprintf(text, sizeof text, POLICY "%s", lines);
    close_effector(bench);
    policy_destroy(&bench->policy);
    assert_int_equal(file_write(bench->policy_path, slice_text(text), 0600, &fault), 0);
    bench->policy = policy_load(bench->policy_path, &fault);
    if (!bench->policy)
        fail_msg("%s", fault.text);
    open_effector(bench);
}

static inline frames_t *
message_of(const char *word, const char *id)
{
    frames_t *message = frames_new();
    frames_add_text(message, word);
    frames_add_text(message, id);
    return message;
}

/* Takes over message. */
static inline void
send(bench_t *bench, frames_t *message)
{
    fault_t fault = {0};
    frames_destroy(&bench->answer);
    if (effector_receive(bench->effector, message, &bench->answer, &fault))
        fail_msg("%s", fault.text);
    frames_destroy(&message);
}

static inline void
answers(const bench_t *bench, const char *word, const char *code)
{
    const frames_t *answer = bench->answer;
    bool coded = !strcmp(word, "REFUSED") || !strcmp(word, "FAULT");
    if (!answer)
        fail_msg("no answer, not %s %s", word, code);
    else if (strcmp(frames_text(answer, 0), word) != 0 ||
             (coded && strcmp(frames_text(answer, 2), code) != 0))
        fail_msg("%s %s: %s, not %s %s", frames_text(answer, 0), frames_text(answer, 2),
                 frames_text(answer, 3), word, code);
    if (coded)
        assert_true(frames_text(answer, 3)[0]);
}

static inline void
send_document(bench_t *bench, const sealed_t *sealed)
{
    frames_t *message = message_of("DOCUMENT", "d1");
    frames_add(message, bytes_slice(sealed->document));
    frames_add(message, bytes_slice(sealed->armors));
    send(bench, message);
}

static inline void
send_documents(bench_t *bench)
{
    const site_t *site = bench->site;
    const sealed_t *all[] = {&site->root, &site->people, &site->north, &site->south};
    for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
        send_document(bench, all[i]);
        answers(bench, "KEPT", "");
    }
}

static inline void
send_warrant_of(bench_t *bench, const char *kind, const char *manifest)
{
    frames_t *message = message_of("WARRANT", "w1");
    frames_add_text(message, kind);
    const sealed_t *all[] = {&bench->authority, &bench->alert, &bench->release};
    for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
        frames_add(message, all[i]->document ? bytes_slice(all[i]->document) : slice_of(NULL, 0));
        frames_add(message, all[i]->armors ? bytes_slice(all[i]->armors) : slice_of(NULL, 0));
    }
    frames_add_text(message, manifest);
    frames_add(message, bench->place ? bytes_slice(bench->place) : slice_of(NULL, 0));
    send(bench, message);
}

static inline void
send_warrant(bench_t *bench)
{
    send_warrant_of(bench, "order", MANIFEST);
}

/* Takes over order; the run is its. */
static inline void
seal_order(bench_t *bench, order_t *order, const char *names)
{
    sealed_done(&bench->authority);
    bench->authority = site_seal_order(bench->site, order, names);
    bench->run = hash_of(bytes_slice(bench->authority.document));
}

static inline order_t *
new_order(bench_t *bench)
{
    hash_t release = hash_of(bytes_slice(bench->release.document));
    return site_order(bench->site, &release);
}

/* key: of the one argument, or NULL for none. */
static inline void
send_attempt(bench_t *bench, const char *attempt, const char *index, const char *step,
             const char *op, const char *key, const char *text, const hash_t *head)
{
    char run[HASH_TEXT], head_text[HASH_TEXT];
    CLEANUP(value_destroy) value_t *arguments = value_map();
    CLEANUP(bytes_destroy) bytes_t *encoded = bytes_new();
    if (key)
        value_set_text(arguments, key, text);
    value_encode(arguments, encoded);
    frames_t *message = message_of("OP", "o1");
    frames_add_text(message, hash_write(&bench->run, run));
    frames_add_text(message, step);
    frames_add_text(message, bench->phase ? bench->phase : "run");
    frames_add_text(message, attempt);
    frames_add_text(message, index);
    frames_add_text(message, op);
    frames_add(message, bytes_slice(encoded));
    frames_add_text(message, hash_write(head, head_text));
    send(bench, message);
}

static inline void
send_op_at(bench_t *bench, const char *index, const char *step, const char *op, const char *key,
           const char *text, const hash_t *head)
{
    send_attempt(bench, "1", index, step, op, key, text, head);
}

static inline void
send_op(bench_t *bench, const char *index, const char *step, const char *op, const char *key,
        const char *text)
{
    hash_t head = *journal_head(bench->journal);
    send_op_at(bench, index, step, op, key, text, &head);
}

static inline void
remove_log(bench_t *bench, const char *index)
{
    send_op(bench, index, "clean", "file.remove", "path", "/var/log/app.log.1");
}

static inline void
restart_web(bench_t *bench, const char *index)
{
    send_op(bench, index, "clean", "service.restart", "service", "web");
}

static inline void
rotate_log(bench_t *bench, const char *index)
{
    send_op(bench, index, "clean", "file.rotate", "path", "/var/log/a.log");
}

/* The op that was started last is over, well or with this code. */
static inline void
finish(bench_t *bench, fault_code_t code)
{
    fault_t fault = {0}, why = {0};
    CLEANUP(value_destroy) value_t *result = value_text("done");
    if (code)
        fault_set(&why, code, "it went wrong");
    frames_destroy(&bench->answer);
    if (effector_ended(bench->effector, bench->flight, code ? NULL : result, &why, &bench->answer,
                       &fault))
        fail_msg("%s", fault.text);
}

static inline void
says_the_head(const bench_t *bench)
{
    char head[HASH_TEXT];
    hash_write(journal_head(bench->journal), head);
    assert_string_equal(frames_text(bench->answer, bench->answer->count - 1), head);
}

static inline int
set_up(void **state)
{
    fault_t fault = {0};
    bench_t *bench = memory_new(1, sizeof *bench);
    bench->site = site_new();
    bench->now = bench->site->now;
    snprintf(bench->folder, sizeof bench->folder, "/tmp/test_effector.XXXXXX");
    assert_non_null(mkdtemp(bench->folder));
    snprintf(bench->kept, sizeof bench->kept, "%s/site", bench->folder);
    snprintf(bench->policy_path, sizeof bench->policy_path, "%s/policy", bench->folder);
    snprintf(bench->journal_path, sizeof bench->journal_path, "%s/journal", bench->folder);
    assert_int_equal(file_write(bench->policy_path, slice_text(POLICY), 0600, &fault), 0);
    bench->policy = policy_load(bench->policy_path, &fault);
    if (!bench->policy)
        fail_msg("%s", fault.text);
    bench->release = site_seal_release(
        bench->site,
        site_release_of(bench->site, "disk-full", slice_text(MANIFEST), slice_text(SITE_PLAYBOOK)),
        "ana", "rob,rita");
    seal_order(bench, new_order(bench), "pat");
    open_effector(bench);
    *state = bench;
    return 0;
}

/* With documents and a warrant. */
static inline int
set_up_warrant(void **state)
{
    set_up(state);
    send_documents(*state);
    send_warrant(*state);
    answers(*state, "GRANTED", "");
    return 0;
}

static inline int
tear_down(void **state)
{
    char command[96];
    bench_t *bench = *state;
    close_effector(bench);
    frames_destroy(&bench->answer);
    bytes_destroy(&bench->place);
    policy_destroy(&bench->policy);
    sealed_done(&bench->release);
    sealed_done(&bench->authority);
    sealed_done(&bench->alert);
    snprintf(command, sizeof command, "rm -rf '%s'", bench->folder);
    site_destroy(&bench->site);
    free(bench);
    return system(command);
}

#endif
