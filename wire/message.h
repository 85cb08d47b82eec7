/* SPDX-License-Identifier: Apache-2.0 */
/* message - the rows of the protocol: what each message is called, who may send it, how many
 * frames follow its word (docs/PROTOCOL.md 6 and 7). */
#ifndef TOCSIN_MESSAGE_H
#define TOCSIN_MESSAGE_H

#include "common/frames.h"

#define PROTOCOL_VERSION "1"
#define PING_TEXT_MAX    128 /* bytes; PONG says them again */

/* RELAY is a broker that speaks to the timekeeper, or a region's own that speaks to the centre's.
 */
typedef enum {
    FROM_WORKER = 1,
    FROM_BROKER = 2,
    FROM_PERSON = 4,
    FROM_RELAY = 8,
    FROM_TIMEKEEPER = 16
} sender_t;

#define FROM_SITE (FROM_BROKER | FROM_RELAY | FROM_TIMEKEEPER)

/*    type             word       from         frames after the word */
#define MESSAGES(X)                                                                                \
    X(MESSAGE_HELLO, "HELLO", FROM_WORKER | FROM_RELAY, 3) /* version, name, state (map) */        \
    X(MESSAGE_RELAY, "RELAY", FROM_RELAY, 5)      /* number, kind, leaf, beside, facts (map) */    \
    X(MESSAGE_RELAYED, "RELAYED", FROM_BROKER, 2) /* leaves taken, hash of the last */             \
    X(MESSAGE_PING, "PING", FROM_WORKER, 1)       /* any short text */                             \
    X(MESSAGE_ACCEPT, "ACCEPT", FROM_WORKER, 1)   /* run */                                        \
    X(MESSAGE_REFUSE, "REFUSE", FROM_WORKER, 3)   /* run, code, text: unsigned */                  \
    X(MESSAGE_WANT, "WANT", FROM_WORKER, 1)       /* release hash */                               \
    X(MESSAGE_RECEIPT, "RECEIPT", FROM_WORKER, 3) /* document, armor, output */                    \
    X(MESSAGE_KEPT, "KEPT", FROM_WORKER, 1)       /* hash of a stop or resume */                   \
    X(MESSAGE_WAITING, "WAITING", FROM_WORKER, 4) /* run, step, last receipt's hash, expires */    \
    X(MESSAGE_DECLINE, "DECLINE", FROM_WORKER, 5) /* run, step, consent's hash, code, text */      \
    X(MESSAGE_OUTPUT, "OUTPUT", FROM_WORKER, 4)   /* run, offset, bytes, "open" or "closed" */     \
    X(MESSAGE_ALLOWANCE, "ALLOWANCE", FROM_WORKER, 2) /* document, armor */                        \
    X(MESSAGE_NONCE, "NONCE", FROM_WORKER, 1)         /* nonce: a beacon is to answer it */        \
    X(MESSAGE_COSIGNED, "COSIGNED", FROM_WORKER, 4)   /* size, code, text, cosignature */          \
    X(MESSAGE_WELCOME, "WELCOME", FROM_BROKER, 3)     /* version, instance, last sequence */       \
    X(MESSAGE_PONG, "PONG", FROM_BROKER, 2)           /* what PING said, broker instance */        \
    X(MESSAGE_OFFER, "OFFER", FROM_BROKER, 9)     /* run, kind, authority, armors, alert, alert    \
                                                     armor, release hash, receipts, place */       \
    X(MESSAGE_GIVE, "GIVE", FROM_BROKER, 4)       /* release hash, release, armors, files (map) */ \
    X(MESSAGE_ACK, "ACK", FROM_BROKER, 2)         /* sequence, hash of the receipt's document */   \
    X(MESSAGE_DOCUMENT, "DOCUMENT", FROM_SITE, 2) /* root to fleet, stop or resume; armors */      \
    X(MESSAGE_CONSENT, "CONSENT", FROM_BROKER, 3) /* run, consent or answer, armors */             \
    X(MESSAGE_MORE, "MORE", FROM_BROKER, 2)       /* run, offset */                                \
    X(MESSAGE_BEACON, "BEACON", FROM_BROKER | FROM_TIMEKEEPER,                                     \
      3)                                          /* document, armor, place of the                 \
                                     worker's nonce; a broker is told the leaves */            \
    X(MESSAGE_NONCE_OF, "NONCE", FROM_RELAY, 2)   /* worker, nonce */                              \
    X(MESSAGE_WITNESS, "WITNESS", FROM_BROKER, 6) /* proof, checkpoint and restart: section 10 */  \
    X(MESSAGE_ASK, "ASK", FROM_PERSON, 3)         /* id, verb, arguments (map) */                  \
    X(MESSAGE_ANSWER, "ANSWER", FROM_BROKER | FROM_TIMEKEEPER, 4) /* id, code, text, body */       \
    X(MESSAGE_EVENT, "EVENT", FROM_BROKER, 2)                     /* id, body (value) */

typedef enum {
#define X(type, word, from, frames) type,
    MESSAGES(X)
#undef X
        MESSAGE_TYPES
} message_type_t;

const char *message_word(message_type_t type);

/* A new message of this type, its word as the first frame; the caller adds the rest. */
frames_t *message_new(message_type_t type);

/* Frame 0's type, if this sender may send it and the count is right. FAULT_FORMAT. */
int message_read(const frames_t *frames, unsigned senders, message_type_t *type,
                 fault_t *fault) MUST_CHECK;

/* The order that trust sees of an offer's frames: frame i after the word. */
enum {
    OFFER_RUN = 1,
    OFFER_KIND,
    OFFER_AUTHORITY,
    OFFER_ARMORS,
    OFFER_ALERT,
    OFFER_ALERT_ARMOR,
    OFFER_RELEASE,
    OFFER_RECEIPTS,
    OFFER_PLACE
};

#endif
