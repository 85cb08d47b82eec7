/* SPDX-License-Identifier: Apache-2.0 */
/* judge_fixture - worker w1's judge over a signed site in memory, with a fake clock, a ledger in a
 * file (so that it can be started again), and everybody it talks to played by the test. */
#ifndef TOCSIN_JUDGE_FIXTURE_H
#define TOCSIN_JUDGE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>

#include "tests/unit/site_fixture.h"
#include "wire/message.h"
#include "worker/judge.h"

#define MANIFEST                                                                                 \
    "tocsin-manifest v1\nplaybook disk-full\nsummary Free space\nclass change\n"                 \
    "rollout 1 2 30 0\nlimits 0 0\ncooldown 0\ninput mount path\ndefault mount /var/log\nfrom "  \
    "mount labels.mountpoint\n"                                                                  \
    "step clean run 60 -\nstep usage run 30 -\nneeds clean usage\n"                              \
    "use clean disk.usage observe\nuse clean file.remove change\nuse usage disk.usage observe\n" \
    "end\n"
#define LUA         "return playbook { name = \"disk-full\" }\n"
#define HEAD_1      "1111111111111111111111111111111111111111111111111111111111111111"
#define HEAD_2      "2222222222222222222222222222222222222222222222222222222222222222"
#define LETTERS_MAX 512

typedef struct {
    destination_t to;
    uint64_t runner;
    frames_t *frames;
} letter_t;

typedef struct {
    site_t *site;
    char folder[64], path[96];
    trust_t *trust;
    ledger_t *ledger;
    outbox_t *outbox;
    judge_t *judge;
    wall_t now;
    mono_t clock;
    const char *boot;           /* NULL: the first */
    const curvepair_t *sealing; /* NULL: nothing can be sealed to w1 */
    sealed_t release, authority, alert;
    hash_t release_hash, run;
    bool by_grant;
    value_t *files;    /* as GIVE brings them */
    value_t *receipts; /* as OFFER brings them */
    bytes_t *place;    /* likewise; NULL for none */
    letter_t letters[LETTERS_MAX];
    size_t count, heard;
    uint64_t runner; /* asked for last */
    uint64_t spare;  /* asked for with a WARRANT, and taken by no attempt yet */
    bytes_t *output; /* of the run, as OUTPUT brought it */
    bool output_closed;
    size_t overs;        /* runs that the effector may forget */
    size_t policy_asked; /* how often the effector was asked what the policy allows */
    char asked[24];      /* id of the last OP */
    uint64_t sequence;   /* of the receipt heard last */
    hash_t previous;
    size_t durable_intents; /* in the ledger's files when the last OP was sent */
} bench_t;

/* ---- what leaves ------------------------------------------------------------------------- */

static inline int
count_effect(void *context, const effect_row_t *effect, fault_t *fault)
{
    (void)fault;
    *(size_t *)context += !effect->done;
    return 0;
}

/* What a power cut at this moment would leave of the ledger. */
static inline ledger_t *
ledger_after_power_cut(bench_t *self)
{
    static const char *const endings[] = {"", "-wal"};
    char from[128], to[128];
    fault_t fault = {0};
    for (size_t i = 0; i < ARRAY_SIZE(endings); i++) {
        snprintf(from, sizeof from, "%s%s", self->path, endings[i]);
        snprintf(to, sizeof to, "%s/copy%s", self->folder, endings[i]);
        CLEANUP(bytes_destroy) bytes_t *bytes = file_read(from, 64 << 20, &fault);
        assert_non_null(bytes);
        assert_int_equal(file_write(to, bytes_slice(bytes), 0600, &fault), 0);
    }
    snprintf(to, sizeof to, "%s/copy", self->folder);
    return ledger_open(to, &fault);
}

static inline int
collect(void *context, destination_t to, uint64_t runner, const frames_t *frames, fault_t *fault)
{
    bench_t *self = context;
    if (slice_is(frames_at(frames, 0), "OUTPUT")) {
        bytes_add_slice(self->output, frames_at(frames, 3));
        self->output_closed = slice_is(frames_at(frames, 4), "closed");
        return 0;
    }
    if (slice_is(frames_at(frames, 0), "OVER")) {
        self->overs++;
        return 0;
    }
    if (slice_is(frames_at(frames, 0), "ALLOWANCE") && to == TO_EFFECTOR) {
        self->policy_asked++;
        return 0;
    }
    assert_true(self->count < LETTERS_MAX);
    letter_t *letter = &self->letters[self->count++];
    *letter = (letter_t){to, runner, frames_new()};
    for (size_t i = 0; i < frames->count; i++)
        frames_add(letter->frames, frames_at(frames, i));
    if (!slice_is(frames_at(frames, 0), "OP"))
        return 0;
    text_copy(self->asked, sizeof self->asked, frames_text(frames, 1));
    if (strcmp(frames_text(frames, 7), "disk.usage") != 0) {
        CLEANUP(ledger_destroy) ledger_t *left = ledger_after_power_cut(self);
        self->durable_intents = 0;
        attempt_key_t of = {self->run, frames_text(frames, 3), PHASE_RUN, 1};
        (void)phase_read(frames_text(frames, 4), &of.phase);
        return ledger_each_effect(left, &of, count_effect, &self->durable_intents, fault);
    }
    return 0;
}

static inline void
flush(bench_t *self)
{
    fault_t fault = {0};
    if (outbox_flush(self->outbox, self->ledger, collect, self, &fault))
        fail_msg("%s", fault.text);
}

/* The next message that left to this one, which has this word. Valid until the bench is gone. What
 * others were sent before it stays to be heard. */
static inline const frames_t *
hears(bench_t *self, destination_t to, const char *word)
{
    size_t next = self->heard;
    while (next < self->count && self->letters[next].to != to)
        next++;
    if (next == self->count)
        fail_msg("nothing left to %d, not even '%s'", to, word);
    letter_t letter = self->letters[next];
    memmove(&self->letters[self->heard + 1], &self->letters[self->heard],
            (next - self->heard) * sizeof letter);
    self->letters[self->heard++] = letter;
    if (!slice_is(frames_at(letter.frames, 0), word))
        fail_msg("'%s' to %d, and not '%s'", frames_text(letter.frames, 0), to, word);
    return letter.frames;
}

static inline void
hears_nothing(const bench_t *self)
{
    if (self->heard != self->count)
        fail_msg("'%s' left", frames_text(self->letters[self->heard].frames, 0));
}

/* The number of the runner that an attempt takes: the spare, or one that is asked for now. */
static inline void
hears_run(bench_t *self)
{
    if (self->spare)
        self->runner = self->spare;
    else
        assert_true(text_read_u64(frames_text(hears(self, TO_SPAWNER, "RUN"), 1), 1, INT64_MAX,
                                  &self->runner));
    self->spare = 0;
}

/* And the runner that is made ready meanwhile, where none stands ready. */
static inline const frames_t *
hears_warrant(bench_t *self)
{
    const frames_t *warrant = hears(self, TO_EFFECTOR, "WARRANT");
    uint64_t at_work = self->runner, spare = self->spare;
    if (!spare) {
        hears_run(self);
        spare = self->runner;
    }
    self->spare = spare;
    self->runner = at_work;
    return warrant;
}

/* A REFUSE, unsigned, with this code. */
static inline void
hears_refuse(bench_t *self, fault_code_t code)
{
    const frames_t *refuse = hears(self, TO_LINK, "REFUSE");
    if (strcmp(frames_text(refuse, 2), fault_word(code)) != 0)
        fail_msg("%s: %s, and not %s", frames_text(refuse, 2), frames_text(refuse, 3),
                 fault_word(code));
}

/* A receipt: signed, and next in the chain. The caller's. */
static inline receipt_t *
hears_receipt(bench_t *self)
{
    fault_t fault = {0};
    const frames_t *frames = hears(self, TO_LINK, "RECEIPT");
    slice_t document = frames_at(frames, 1);
    const pubkey_t *key = machinekey_public(site_key(self->site, "w1"));
    assert_int_equal(receipts_check(document, frames_at(frames, 2), key, NULL, &fault), 0);
    receipt_t *receipt = receipt_decode(document, &fault);
    if (!receipt)
        fail_msg("%s", fault.text);
    assert_int_equal(receipt->sequence, self->sequence + 1);
    assert_true(hash_equal(&receipt->previous, &self->previous));
    self->sequence = receipt->sequence;
    self->previous = hash_of(document);
    return receipt;
}

/* The receipt by which a part ends, or is refused. */
static inline void
hears_end(bench_t *self, outcome_t outcome, const char *code)
{
    CLEANUP(receipt_destroy) receipt_t *receipt = hears_receipt(self);
    if (receipt->outcome != outcome || receipt->part != outcome || strcmp(receipt->code, code) != 0)
        fail_msg("part %s, %s (%s: %s)", outcome_word(receipt->part),
                 outcome_word(receipt->outcome), receipt->code, receipt->reason);
    assert_true(hash_equal(&receipt->run, &self->run));
}

/* ---- what comes -------------------------------------------------------------------------- */

static inline frames_t *
message(const char *word, ...)
{
    va_list words;
    frames_t *frames = frames_new();
    va_start(words, word);
    for (const char *text = word; text; text = va_arg(words, const char *))
        frames_add_text(frames, text);
    va_end(words);
    return frames;
}

static inline void
add_value(frames_t *frames, const value_t *value)
{
    CLEANUP(bytes_destroy) bytes_t *encoded = bytes_new();
    value_encode(value, encoded);
    frames_add(frames, bytes_slice(encoded));
}

/* Each takes over frames, and flushes. */
static inline void
by_link_of(bench_t *self, unsigned link, frames_t *frames)
{
    fault_t fault = {0};
    if (judge_on_link(self->judge, link, frames, self->now, self->clock, &fault))
        fail_msg("%s", fault.text);
    frames_destroy(&frames);
    flush(self);
}

static inline void
by_link(bench_t *self, frames_t *frames)
{
    by_link_of(self, 0, frames);
}

/* To which links (a bit each) what was heard last went. */
static inline unsigned
heard_by(const bench_t *self)
{
    return (unsigned)self->letters[self->heard - 1].runner;
}

static inline frames_t *
document_of(const sealed_t *sealed)
{
    frames_t *frames = message("DOCUMENT", NULL);
    frames_add(frames, bytes_slice(sealed->document));
    frames_add(frames, bytes_slice(sealed->armors));
    return frames;
}

/* The broker hands it on; it holds, so the effector has it too. */
static inline void
bring_document(bench_t *self, const sealed_t *sealed)
{
    by_link(self, document_of(sealed));
    hears(self, TO_EFFECTOR, "DOCUMENT");
}

static inline void
by_effector(bench_t *self, frames_t *frames)
{
    fault_t fault = {0};
    if (judge_on_effector(self->judge, frames, self->now, self->clock, &fault))
        fail_msg("%s", fault.text);
    frames_destroy(&frames);
    flush(self);
}

static inline void
by_runner(bench_t *self, frames_t *frames)
{
    fault_t fault = {0};
    if (judge_on_runner(self->judge, self->runner, frames, self->now, self->clock, &fault))
        fail_msg("%s", fault.text);
    frames_destroy(&frames);
    flush(self);
}

static inline void
runner_comes(bench_t *self)
{
    fault_t fault = {0};
    assert_true(judge_wants_runner(self->judge, self->runner));
    assert_int_equal(judge_on_runner_ready(self->judge, self->runner, &fault), 0);
    flush(self);
}

static inline void
runner_ends(bench_t *self, int status)
{
    fault_t fault = {0};
    assert_int_equal(
        judge_on_runner_end(self->judge, self->runner, status, self->now, self->clock, &fault), 0);
    flush(self);
}

static inline frames_t *
offer(const bench_t *self)
{
    char run[HASH_TEXT], release[HASH_TEXT];
    frames_t *frames =
        message("OFFER", hash_write(&self->run, run), self->by_grant ? "grant" : "order", NULL);
    frames_add(frames, bytes_slice(self->authority.document));
    frames_add(frames, bytes_slice(self->authority.armors));
    frames_add(frames, self->by_grant ? bytes_slice(self->alert.document) : slice_of(NULL, 0));
    frames_add_text(frames, "");
    frames_add_text(frames, hash_write(&self->release_hash, release));
    add_value(frames, self->receipts);
    frames_add(frames, self->place ? bytes_slice(self->place) : slice_of(NULL, 0));
    return frames;
}

static inline frames_t *
give(const bench_t *self)
{
    char release[HASH_TEXT];
    frames_t *frames = message("GIVE", hash_write(&self->release_hash, release), NULL);
    frames_add(frames, bytes_slice(self->release.document));
    frames_add(frames, bytes_slice(self->release.armors));
    add_value(frames, self->files);
    return frames;
}

static inline frames_t *
granted(const bench_t *self, const char *head)
{
    char run[HASH_TEXT];
    hash_write(&self->run, run);
    return message("GRANTED", run, run, "change", head, NULL);
}

static inline frames_t *
refused(const bench_t *self, const char *code)
{
    char run[HASH_TEXT];
    return message("REFUSED", hash_write(&self->run, run), code, "the policy says no", NULL);
}

static inline frames_t *
op(const char *name, const char *path)
{
    CLEANUP(value_destroy) value_t *arguments = value_map();
    value_set_text(arguments, "path", path);
    frames_t *frames = message("OP", name, NULL);
    add_value(frames, arguments);
    return frames;
}

static inline frames_t *
result(const bench_t *self, int64_t number, const char *head)
{
    CLEANUP(value_destroy) value_t *value = value_integer(number);
    frames_t *frames = message("RESULT", self->asked, NULL);
    add_value(frames, value);
    frames_add_text(frames, head);
    return frames;
}

static inline frames_t *
op_fault(const bench_t *self, const char *code)
{
    return message("FAULT", self->asked, code, "it did not work", HEAD_2, NULL);
}

static inline frames_t *
done(const char *outcome, int64_t output)
{
    CLEANUP(value_destroy) value_t *value = value_integer(output);
    frames_t *frames = message("DONE", outcome, NULL);
    add_value(frames, value);
    frames_add_text(frames, "none");
    frames_add_text(frames, "");
    return frames;
}

/* ---- longer stretches -------------------------------------------------------------------- */

/* An offer of a release that the judge does not have yet, up to what it asks or says. */
static inline void
offer_and_give(bench_t *self)
{
    by_link(self, offer(self));
    hears(self, TO_LINK, "WANT");
    by_link(self, give(self));
}

/* Accepted, its first step's runner at work. */
static inline void
begin(bench_t *self)
{
    offer_and_give(self);
    hears_warrant(self);
    by_effector(self, granted(self, HEAD_1));
    hears(self, TO_LINK, "ACCEPT");
    hears_run(self);
    runner_comes(self);
    hears(self, TO_RUNNER, "TASK");
}

/* An op and its answer. */
static inline void
use(bench_t *self, const char *name, int64_t number, const char *head)
{
    by_runner(self, op(name, "/var"));
    hears(self, TO_EFFECTOR, "OP");
    by_effector(self, result(self, number, head));
    hears(self, TO_RUNNER, "RESULT");
}

/* Step usage is done, and step clean's runner at work. */
static inline void
begin_clean(bench_t *self)
{
    begin(self);
    use(self, "disk.usage", 91, HEAD_1);
    by_runner(self, done("ok", 91));
    CLEANUP(receipt_destroy) receipt_t *receipt = hears_receipt(self);
    assert_int_equal(receipt->part, OUTCOME_OPEN);
    hears_run(self);
    runner_comes(self);
    hears(self, TO_RUNNER, "TASK");
}

static inline void
meet(bench_t *bench)
{
    by_link(bench, message("ONLINE", "instance", NULL));
    hears(bench, TO_LINK, "HELLO");
    by_link(bench, message("WELCOME", "1", "instance", "9", NULL));
}

/* ---- documents --------------------------------------------------------------------------- */

/* Takes over order: what is offered from now on. */
static inline void
give_order(bench_t *self, order_t *order, const char *signers)
{
    sealed_done(&self->authority);
    self->by_grant = false;
    self->authority = site_seal_order(self->site, order, signers);
    self->run = hash_of(bytes_slice(self->authority.document));
}

/* An order of which only its number is new. */
static inline void
give_another_order(bench_t *self, unsigned number)
{
    order_t *order = site_order(self->site, &self->release_hash);
    snprintf(order->nonce, sizeof order->nonce, "%032x", number);
    give_order(self, order, "pat");
}

/* For w1 in wave 2, behind w2. */
static inline void
give_order_of_two_waves(bench_t *self)
{
    order_t *order = site_order(self->site, &self->release_hash);
    order->soak_s = 30;
    text_copy(order->targets[0].target, sizeof order->targets[0].target, "w2");
    site_add_target(order, 2, "w1");
    give_order(self, order, "pat");
}

/* A grant of budget runs an hour, and an alert of this fingerprint under it. */
static inline void
give_grant(bench_t *self, const char *fingerprint)
{
    grant_t *grant = site_grant(self->site, &self->release_hash);
    grant->bound_count = 1;
    grant->bounds[0] = (input_bound_t){"mount", "under", "/var"};
    sealed_done(&self->authority);
    sealed_done(&self->alert);
    self->by_grant = true;
    self->authority = site_seal_grant(self->site, grant, "pat,pia");
    alert_t *alert = site_alert(self->site);
    text_copy(alert->fingerprint, sizeof alert->fingerprint, fingerprint);
    alert->received = self->now;
    hash_t hash = hash_of(bytes_slice(self->authority.document));
    self->run = grant_run(&hash, alert);
    self->alert = site_seal_alert(self->site, alert);
}

/* Takes over release: what is given from now on, and an order for it. */
static inline void
give_release(bench_t *self, release_t *release, const char *reviewers)
{
    sealed_done(&self->release);
    self->release = site_seal_release(self->site, release, "ana", reviewers);
    self->release_hash = hash_of(bytes_slice(self->release.document));
    give_order(self, site_order(self->site, &self->release_hash), "pat");
}

#define PLAYBOOK(name, lines)                                               \
    "tocsin-manifest v1\nplaybook " name "\nsummary A test\nclass change\n" \
    "rollout 1 2 30 0\nlimits 0 0\ncooldown 0\n" lines "end\n"

/* A playbook 'disk-full' with this manifest, and an order for it. */
static inline void
give_playbook(bench_t *self, const char *manifest)
{
    value_set_text(self->files, "manifest", manifest);
    give_release(self,
                 site_release_of(self->site, "disk-full", slice_text(manifest), slice_text(LUA)),
                 "rita,rob");
}

/* A receipt of another worker, by this key, for the wave before. */
static inline void
add_proof(bench_t *self, receipt_t *receipt, const char *signer)
{
    sealed_t sealed = site_seal_receipt(self->site, receipt, signer);
    value_t *item = value_map();
    value_set(item, "document", value_bytes(bytes_slice(sealed.document)));
    value_set(item, "armor", value_bytes(bytes_slice(sealed.armors)));
    value_append(self->receipts, item);
    sealed_done(&sealed);
}

/* What w2 would sign of this run, ended a minute ago. */
static inline receipt_t *
proof(bench_t *self)
{
    receipt_t *receipt = site_receipt(self->site);
    text_copy(receipt->worker, sizeof receipt->worker, "w2");
    text_copy(receipt->target, sizeof receipt->target, "w2");
    receipt->run = self->run;
    receipt->ended = site_after(self->now, -60);
    return receipt;
}

/* ---- steps ------------------------------------------------------------------------------- */

/* The next receipt: of this step and phase, with this outcome, and the part's. */
static inline void
hears_step(bench_t *self, const char *step, phase_t phase, outcome_t outcome, outcome_t part)
{
    CLEANUP(receipt_destroy) receipt_t *receipt = hears_receipt(self);
    if (strcmp(receipt->step, step) != 0 || receipt->phase != phase ||
        receipt->outcome != outcome || receipt->part != part)
        fail_msg("%s %s %s, part %s (%s: %s)", receipt->step, phase_word(receipt->phase),
                 outcome_word(receipt->outcome), outcome_word(receipt->part), receipt->code,
                 receipt->reason);
}

/* A runner is asked for, comes, and is given this step in this mode; it is the one that speaks from
 * now on. The context is the caller's. */
static inline value_t *
hears_task(bench_t *self, const char *mode, const char *step)
{
    fault_t fault = {0};
    hears_run(self);
    runner_comes(self);
    const frames_t *task = hears(self, TO_RUNNER, "TASK");
    assert_string_equal(frames_text(task, 1), mode);
    assert_string_equal(frames_text(task, 3), step);
    return value_decode(frames_at(task, 4), &fault);
}

static inline void
works_on(bench_t *self, const char *step)
{
    CLEANUP(value_destroy) value_t *context = hears_task(self, "step", step);
    assert_non_null(context);
}

static inline void
undoes(bench_t *self, const char *step)
{
    CLEANUP(value_destroy) value_t *context = hears_task(self, "undo", step);
    assert_non_null(context);
}

/* The step that works ends: well with this number, or badly where it is negative. */
static inline void
says_done(bench_t *self, int64_t output)
{
    by_runner(self, output >= 0
                        ? done("ok", output)
                        : message("DONE", "failed", "n", "failed", "it did not work", NULL));
}

static inline void
tick(bench_t *self, int64_t seconds)
{
    fault_t fault = {0};
    self->now = site_after(self->now, seconds);
    self->clock.ms += seconds * 1000;
    if (judge_tick(self->judge, self->now, self->clock, &fault))
        fail_msg("%s", fault.text);
    flush(self);
}

/* Accepted, and nothing heard of its steps yet. */
static inline void
begin_run(bench_t *self)
{
    offer_and_give(self);
    hears_warrant(self);
    by_effector(self, granted(self, HEAD_1));
    hears(self, TO_LINK, "ACCEPT");
}

/* ---- the bench itself -------------------------------------------------------------------- */

/* As a process that starts: it knows what its ledger has. */
static inline void
open_judge(bench_t *self)
{
    fault_t fault = {0};
    self->trust = trust_new(&self->site->id);
    self->outbox = outbox_new();
    self->ledger = ledger_open(self->path, &fault);
    if (!self->ledger)
        fail_msg("%s", fault.text);
    self->judge = judge_new("w1", self->boot ? self->boot : "first", self->trust,
                            site_key(self->site, "w1"), self->ledger, self->outbox, &fault);
    if (!self->judge)
        fail_msg("%s", fault.text);
    if (self->sealing)
        judge_open_with(self->judge, self->sealing);
}

static inline void
start_judge(bench_t *self)
{
    fault_t fault = {0};
    const sealed_t *documents[] = {&self->site->root, &self->site->people, &self->site->north,
                                   &self->site->south};
    open_judge(self);
    bool enrolled = trust_root(self->trust);
    for (size_t i = 0; !enrolled && i < ARRAY_SIZE(documents); i++)
        assert_int_equal(judge_learn(self->judge, bytes_slice(documents[i]->document),
                                     bytes_slice(documents[i]->armors), self->now, &fault),
                         0);
    if (judge_start(self->judge, self->now, self->clock, &fault))
        fail_msg("%s", fault.text);
    flush(self);
}

/* Without a commit that was not made before. */
static inline void
kill_judge(bench_t *self)
{
    judge_destroy(&self->judge);
    outbox_destroy(&self->outbox);
    ledger_destroy(&self->ledger);
    trust_destroy(&self->trust);
}

/* Whether the next message that left to this one has this word. */
static inline bool
is_next(const bench_t *self, destination_t to, const char *word)
{
    size_t next = self->heard;
    while (next < self->count && self->letters[next].to != to)
        next++;
    return next < self->count && slice_is(frames_at(self->letters[next].frames, 0), word);
}

/* Hears the documents that the effector is given again. */
static inline void
restart(bench_t *self)
{
    kill_judge(self);
    self->spare = 0;
    start_judge(self);
    while (is_next(self, TO_EFFECTOR, "DOCUMENT"))
        hears(self, TO_EFFECTOR, "DOCUMENT");
}

/* Restarted, and granted again. */
static inline void
restart_run(bench_t *self)
{
    restart(self);
    hears_warrant(self);
    by_effector(self, granted(self, HEAD_2));
}

/* Restarted, the effector has granted again, and the interrupted step's runner is at work. */
static inline const frames_t *
restart_and_go_on(bench_t *self)
{
    restart(self);
    hears_warrant(self);
    by_effector(self, granted(self, HEAD_2));
    hears_run(self);
    runner_comes(self);
    return hears(self, TO_RUNNER, "TASK");
}

static inline int
bench_new(void **state)
{
    bench_t *self = memory_new(1, sizeof *self);
    self->site = site_new();
    text_copy(self->folder, sizeof self->folder, "/tmp/tocsin-judge-XXXXXX");
    assert_non_null(mkdtemp(self->folder));
    snprintf(self->path, sizeof self->path, "%s/ledger.db", self->folder);
    self->now = self->site->now;
    self->clock.ms = 1000000;
    self->output = bytes_new();
    self->files = value_map();
    self->receipts = value_list();
    value_set_text(self->files, "manifest", MANIFEST);
    value_set_text(self->files, "playbook.lua", LUA);
    give_release(self,
                 site_release_of(self->site, "disk-full", slice_text(MANIFEST), slice_text(LUA)),
                 "rita,rob");
    start_judge(self);
    for (size_t i = 0; i < 4; i++)
        hears(self, TO_EFFECTOR, "DOCUMENT");
    *state = self;
    return 0;
}

static inline int
bench_destroy(void **state)
{
    static const char *const names[] = {"ledger.db", "ledger.db-wal", "copy", "copy-wal"};
    char path[128];
    bench_t *self = *state;
    kill_judge(self);
    for (size_t i = 0; i < self->count; i++)
        frames_destroy(&self->letters[i].frames);
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        snprintf(path, sizeof path, "%s/%s", self->folder, names[i]);
        unlink(path);
    }
    assert_int_equal(rmdir(self->folder), 0);
    sealed_done(&self->release);
    sealed_done(&self->authority);
    sealed_done(&self->alert);
    value_destroy(&self->files);
    value_destroy(&self->receipts);
    bytes_destroy(&self->place);
    bytes_destroy(&self->output);
    site_destroy(&self->site);
    free(self);
    return 0;
}

#endif
