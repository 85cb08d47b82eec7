/* SPDX-License-Identifier: Apache-2.0 */
/* halts - stops, resumes and people's documents in the hands of who should only pass them on. */
#ifndef TOCSIN_TESTS_HALTS_H
#define TOCSIN_TESTS_HALTS_H

#include "keys/halt.h"
#include "tests/attack/consents.h"

typedef struct {
    bytes_t *document, *armors;
} paper_t;

static void
paper_clear(paper_t *self)
{
    bytes_destroy(&self->document);
    bytes_destroy(&self->armors);
}

static void
send_paper(const enemy_t *self, table_t *table, const paper_t *paper)
{
    CLEANUP(frames_destroy) frames_t *frames = message_new(MESSAGE_DOCUMENT);
    frames_add(frames, bytes_slice(paper->document));
    frames_add(frames, bytes_slice(paper->armors));
    send_to(table->socket, find_peer(table, self->worker), frames);
}

static void
paper_sign(const enemy_t *self, paper_t *paper, purpose_t purpose, const char *signers)
{
    static const forge_t plain = {0};
    bytes_clear(paper->armors);
    sign_by(self, &plain, signers, purpose, bytes_slice(paper->document), paper->armors);
}

static paper_t
stop_paper(const enemy_t *self, const char *signers)
{
    paper_t paper = {bytes_new(), bytes_new()};
    CLEANUP(stop_destroy) stop_t *stop = memory_new(1, sizeof *stop);
    hash_read(self->site, &stop->site);
    stop->what = HALT_PLAYBOOK;
    text_copy(stop->name, sizeof stop->name, "wipe");
    text_copy(stop->reason, sizeof stop->reason, "it wipes too much");
    stop->created = (wall_t){wall_now().ms / 1000 * 1000};
    snprintf(stop->nonce, sizeof stop->nonce, "%032x", (unsigned)getpid());
    stop_encode(stop, paper.document);
    paper_sign(self, &paper, SIGN_STOP, signers);
    return paper;
}

static paper_t
resume_paper(const enemy_t *self, const paper_t *stop, const char *signers)
{
    paper_t paper = {bytes_new(), bytes_new()};
    CLEANUP(resume_destroy) resume_t *resume = memory_new(1, sizeof *resume);
    hash_read(self->site, &resume->site);
    resume->stop = hash_of(bytes_slice(stop->document));
    text_copy(resume->reason, sizeof resume->reason, "it is mended");
    resume->created = (wall_t){wall_now().ms / 1000 * 1000};
    resume_encode(resume, paper.document);
    paper_sign(self, &paper, SIGN_RESUME, signers);
    return paper;
}

/* How many stops and resumes the worker keeps, by its HELLO. */
static size_t
kept(const enemy_t *self, const table_t *table)
{
    return value_count(value_get(state_of(table, self->worker), "halts"));
}

static void
offered_by(enemy_t *self, table_t *table, void (*plan)(enemy_t *self, plan_t *plan),
           const char *code, const char *name)
{
    CLEANUP(lie_clear) lie_t lie = lie_planned(self, plan);
    int64_t before = begun(self);
    ask(table, &lie, self->worker);
    bool begins = begun(self) != before;
    verdict(!strcmp(table->answer.code, code) && begins == !strcmp(code, "none"), name, table);
}

static void
offered(enemy_t *self, table_t *table, const char *code, const char *name)
{
    offered_by(self, table, NULL, code, name);
}

static void
not_kept(const enemy_t *self, table_t *table, const paper_t *paper, const char *name)
{
    settle(table, self->worker);
    size_t before = kept(self, table);
    send_paper(self, table, paper);
    settle(table, self->worker);
    verdict(kept(self, table) == before, name, table);
}

static void
tell_halts(enemy_t *self, table_t *table)
{
    meet(table, self->worker);
    CLEANUP(paper_clear) paper_t stop = stop_paper(self, "chi");
    CLEANUP(paper_clear) paper_t resume = resume_paper(self, &stop, "chi hoa");
    not_kept(self, table, &resume, "byz_resume_before_stop: lifts nothing that is to come");
    paper_sign(self, &stop, SIGN_STOP, "dung");
    not_kept(self, table, &stop, "byz_stop_forged: a responder stops no playbook");
    paper_sign(self, &stop, SIGN_STOP, "");
    not_kept(self, table, &stop, "byz_stop_forged: nor does nobody");
    paper_sign(self, &stop, SIGN_ORDER, "chi");
    not_kept(self, table, &stop, "byz_stop_forged: nor a signature for something else");
    offered(self, table, "none", "what was not stopped runs");
    paper_sign(self, &stop, SIGN_STOP, "chi");
    send_paper(self, table, &stop);
    verdict(hear(table, SAID_KEPT), "an officer's stop is kept", table);
    offered(self, table, "stopped", "  and holds");
    paper_sign(self, &resume, SIGN_RESUME, "chi");
    not_kept(self, table, &resume, "byz_resume_forged: one officer lifts nothing");
    paper_sign(self, &resume, SIGN_RESUME, "chi chi");
    not_kept(self, table, &resume, "byz_resume_forged: nor one who signs twice");
    paper_sign(self, &resume, SIGN_RESUME, "chi dung");
    not_kept(self, table, &resume, "byz_resume_forged: nor one and a responder");
    paper_sign(self, &resume, SIGN_STOP, "chi hoa");
    not_kept(self, table, &resume, "byz_resume_forged: nor two signatures for something else");
    offered(self, table, "stopped", "  and the stop holds");
    paper_sign(self, &resume, SIGN_RESUME, "chi hoa");
    send_paper(self, table, &resume);
    verdict(hear(table, SAID_KEPT), "two officers' resume is kept", table);
    offered(self, table, "none", "  and lifts it");
    not_kept(self, table, &stop, "byz_stop_replayed: the same stop again");
    offered(self, table, "none", "  stops nothing any more");
}

/* ---- people ------------------------------------------------------------------------------ */

/* The worker has people who do not list `lan` any more; the broker has the ones before. */
static void
by_who_left(enemy_t *self, plan_t *plan)
{
    (void)self;
    plan->signers = "lan";
}

static int64_t
version_of_people(const enemy_t *self, const table_t *table)
{
    return value_get_integer(state_of(table, self->worker), "people");
}

static void
tell_withheld(enemy_t *self, table_t *table)
{
    CLEANUP(lie_clear) lie_t lie = lie_planned(self, by_who_left);
    CLEANUP(paper_clear)
    paper_t people = {forge_read(self->callee, "people", ""),
                      forge_read(self->callee, "people", ".sigs")};
    meet(table, self->worker);
    settle(table, self->worker);
    int64_t version = version_of_people(self, table), before = begun(self);
    ask(table, &lie, self->worker);
    verdict(!strcmp(table->answer.code, "key"), "byz_withhold_new_people: who left orders nothing",
            table);
    send_paper(self, table, &people);
    settle(table, self->worker);
    verdict(version > 1 && version_of_people(self, table) == version,
            "people_rollback: the people before are not taken back", table);
    ask(table, &lie, self->worker);
    verdict(!strcmp(table->answer.code, "key") && begun(self) == before,
            "  and who left orders nothing still", table);
}

#endif
