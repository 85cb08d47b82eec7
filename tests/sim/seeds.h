/* SPDX-License-Identifier: Apache-2.0 */
/* seeds - that found something once; `make check` lives through them each time. */
#ifndef TOCSIN_SIM_SEEDS_H
#define TOCSIN_SIM_SEEDS_H

#include <stdint.h>

static const struct {
    uint64_t seed;
    const char *name;
} known_seeds[] = {
    {1, "a journal that is read at start is synced before it is relied on"},
    {1290, "a receipt that comes behind its part's end does not open it again"},
    {1949, "a part that did something and cannot go on is not called refused"},
    {2442, "a gap in the receipts is asked about once, not without end"},
    {40001991, "a revoke that comes between an offer's proof and its acceptance counts"},
    {5078797, "what a worker said of a run before the run came here is not forgotten"},
    {60013566, "the oldest receipt that a worker has is taken, whatever came in front of it"},
    {905796, "what was made up beside what others gave counts after a restart no more than before"},
    {945, "a second receipt of one number is recorded once"},
    {30478, "a judge starts again behind an effector that keeps newer documents"},
    {200114859,
     "where the timekeeper's answer is lost, an order whose window is short may be refused"},
    {200101407, "an order that came as its worker started begins once the timekeeper answered it"},
    {828, "a nonce whose answer is lost is followed by another soon"},
    {500042648,
     "a start may write again what an older journal lost; what its intent names is there then"},
    {500008866, "a run whose undo an older ledger forgot may begin anew, and end well"},
    {600634707, "a window may close on what runs once before its worker's timekeeper answers"},
    {800711127,
     "of a record's length alone a part came, in the room that was made for it: it is torn"},
    {800562085, "a window may close before the timekeeper of a worker that just started answers"},
    {1000273476, "a run that is accepted may be stopped in the same turn, before it has begun"},
    {1100127952, "an older ledger refuses what it does not know to have begun"},
    {2058489, "a clock that goes back behind the window's beginning begins nothing"},
};

#endif
