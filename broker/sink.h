/* SPDX-License-Identifier: Apache-2.0 */
/* sink - somewhere that people read: a webhook or a mailbox, as a line of the broker's
 * configuration names it (docs/PROTOCOL.md 6.3 and 11), and which events it hears of.
 *
 *     sink NAME generic|slack|mattermost url-file FILE [secret-file FILE] [on EVENT,...]
 *     sink NAME mail to ADDRESS [from ADDRESS] [on EVENT,...]
 *
 * Without "on" it hears of every event; "on none" leaves it to playbooks' notify steps. */
#ifndef TOCSIN_SINK_H
#define TOCSIN_SINK_H

#include "common/config.h"
#include "common/text.h"

#define SINKS_MAX        32
#define SINK_URL_MAX     2048
#define SINK_SECRET_MIN  16
#define SINK_SECRET_MAX  512
#define SINK_ADDRESS_MAX 254

#define SINK_KINDS(X)                                                    \
    X(SINK_GENERIC, "generic")       /* JSON of its own, for programs */ \
    X(SINK_SLACK, "slack")           /* and what takes the same body */  \
    X(SINK_MATTERMOST, "mattermost") /* likewise, in its Markdown */     \
    X(SINK_MAIL, "mail")             /* handed to the machine's own sendmail(8) */

typedef enum {
#define X(kind, word) kind,
    SINK_KINDS(X)
#undef X
        SINK_KIND_COUNT
} sink_kind_t;

const char *sink_word(sink_kind_t self);

/*    notice                      word in "on", in bodies and in the record */
#define NOTICE_KINDS(X)                                                                  \
    X(NOTICE_INCIDENT_WAITING, "incident.waiting")       /* for people */                \
    X(NOTICE_INCIDENT_AUTHORISED, "incident.authorised") /* a run was begun for it */    \
    X(NOTICE_INCIDENT_RESOLVED, "incident.resolved")                                     \
    X(NOTICE_INCIDENT_FAILED, "incident.failed")                                         \
    X(NOTICE_RUN_SUCCEEDED, "run.succeeded")                                             \
    X(NOTICE_RUN_FAILED, "run.failed")                                                   \
    X(NOTICE_RUN_STOPPED, "run.stopped")                                                 \
    X(NOTICE_RUN_EXPIRED, "run.expired")                                                 \
    X(NOTICE_RUN_UNKNOWN, "run.unknown")                                                 \
    X(NOTICE_PERSON_WANTED, "person.wanted") /* a run waits for one */                   \
    X(NOTICE_GLASS, "break-glass")           /* an order breaks glass */                 \
    X(NOTICE_GAP, "gap")                     /* a worker's history does not add up */    \
    X(NOTICE_BRAKE, "brake")                 /* automatic runs were halted, or let go */ \
    X(NOTICE_RESTART, "restart")             /* an older record was put back */          \
    X(NOTICE_PLAYBOOK, "notify")             /* a playbook's own word, to the sink it names */

typedef enum {
#define X(kind, word) kind,
    NOTICE_KINDS(X)
#undef X
        NOTICE_KIND_COUNT
} notice_kind_t;

const char *notice_kind_word(notice_kind_t self);

typedef struct {
    char name[TEXT_NAME_MAX + 1];
    sink_kind_t kind;
    char address[SINK_URL_MAX + 1];   /* the URL, or to whom mail goes */
    char from[SINK_ADDRESS_MAX + 1];  /* of mail; "" leaves it to sendmail */
    char secret[SINK_SECRET_MAX + 1]; /* "": bodies are not signed */
    uint32_t events;                  /* a bit for each notice_kind_t */
} sink_t;

typedef struct {
    size_t count;
    sink_t sinks[SINKS_MAX];
} sinks_t;

/* Adds the sink of one line. Files are read here, and must be their owner's alone. FAULT_CONFIG,
 * FAULT_KEY, FAULT_NOT_FOUND, with file and line. */
int sinks_read(sinks_t *self, const config_t *config, const setting_t *setting,
               fault_t *fault) MUST_CHECK;

/* NULL where none has this name. */
const sink_t *sinks_find(const sinks_t *self, const char *name);

bool sink_hears(const sink_t *self, notice_kind_t kind);

#endif
