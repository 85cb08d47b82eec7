/* SPDX-License-Identifier: Apache-2.0 */
/* holds - when automatic runs are not to begin, as lines of the broker's configuration say
 * (docs/PROTOCOL.md 11): freezes, which come and go with the clock (UTC), and brakes, which
 * too many runs trip and people release. Orders are held by neither.
 *
 *     freeze NAME DAYS HH:MM-HH:MM [region NAME]     DAYS: mon-fri, sat,sun ...
 *     freeze NAME TIME TIME [region NAME]            from one time to another
 *     brake COUNT SECONDS [region NAME] */
#ifndef TOCSIN_HOLDS_H
#define TOCSIN_HOLDS_H

#include "common/config.h"
#include "common/moment.h"
#include "common/text.h"
#include "common/weekly.h"

#define HOLDS_MAX         64 /* of each */
#define BRAKE_COUNT_MAX   100000
#define BRAKE_SECONDS_MAX (30 * 24 * 3600)

typedef struct {
    char name[TEXT_NAME_MAX + 1];
    char region[TEXT_NAME_MAX + 1]; /* "": all */
    bool weekly;                    /* else between two times */
    weekly_t span;
    wall_t from, to;
} freeze_t;

typedef struct {
    char region[TEXT_NAME_MAX + 1]; /* "": all, taken together */
    uint64_t count, seconds;        /* more runs than this begun within that trip it */
} brake_t;

typedef struct {
    size_t freeze_count, brake_count;
    freeze_t freezes[HOLDS_MAX];
    brake_t brakes[HOLDS_MAX];
} holds_t;

/* One line each. FAULT_CONFIG names file and line. */
int holds_read_freeze(holds_t *self, const config_t *config, const setting_t *setting,
                      fault_t *fault) MUST_CHECK;
int holds_read_brake(holds_t *self, const config_t *config, const setting_t *setting,
                     fault_t *fault) MUST_CHECK;

/* Whether this moment stands in it. */
bool freeze_stands(const freeze_t *self, wall_t now);

/* The first freeze that this moment stands in, for a region ("" where nobody knows it); NULL where
 * there is none. */
const freeze_t *holds_freeze(const holds_t *self, const char *region, wall_t now);

#endif
