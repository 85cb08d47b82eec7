/* SPDX-License-Identifier: Apache-2.0 */
/* enemy - a broker that lies: it holds the broker's CURVE secret and signing key, and offers
 * workers what it likes, over one socket, one offer after another.
 *
 *     enemy GROUP... --listen ENDPOINT --curve FILE --signing-key FILE --site ID --worker NAME
 *           --path PATH --loot FOLDER --people FOLDER --state FOLDER
 *     enemy ATTACK --listen ... --host HOST
 *     enemy fido-key FILE.pub APPLICATION
 *     enemy forget LEDGER
 *
 * A GROUP is a table of attacks (the headers beside this file), or a story of several (stories.h),
 * which may read more in the folder --callee. Its offers are signed with the keys
 * of the test's people, which stand in the folder --people as ssh-keygen wrote them. For each
 * attack a line "good|bad NAME: what happened" is printed; good is the expected code and an
 * effector that began nothing, by its journal below --state.
 *
 * An ATTACK uses what any broker has seen, and nobody's key: FOLDER holds release, release.sigs,
 * files/, grant, grant.sigs. The worker's answer is printed as "REFUSE CODE TEXT" or "RECEIPT PART
 * CODE REASON".
 *
 * Exits 3 when no answer comes within 20 s. */
#include "common/file.h"
#include "common/text.h"
#include "tests/attack/documents.h"
#include "tests/attack/glass.h"
#include "tests/attack/grants.h"
#include "tests/attack/looted.h"
#include "tests/attack/orders.h"
#include "tests/attack/releases.h"
#include "tests/attack/scripts.h"
#include "tests/attack/signatures.h"
#include "tests/attack/stories.h"
#include "tests/attack/table.h"
#include "worker/ledger.h"

static const struct {
    const char *name;
    const attack_t *attacks;
    size_t count;
} groups[] = {
#define GROUP(name, table)             \
    {                                  \
        name, table, ARRAY_SIZE(table) \
    }
    GROUP("signatures", signature_attacks), GROUP("documents", document_attacks),
    GROUP("releases", release_attacks),     GROUP("orders", order_attacks),
    GROUP("glass", glass_attacks),          GROUP("grants", grant_attacks),
    GROUP("scripts", script_attacks),
};

/* ---- a group ----------------------------------------------------------------------------- */

static void
try(enemy_t *self, table_t *table, const attack_t *attack)
{
    const char *worker;
    lie_t lie = lie_make(self, attack, &worker);
    meet(table, worker);
    int64_t before = begun(self);
    ask(table, &lie, worker);
    const answer_t *answer = &table->answer;
    bool began = begun(self) != before;
    bool good = !strcmp(answer->code, attack->code) && began == attack->begins;
    if (!strcmp(attack->code, "none"))
        printf("%s %s%s", good ? "good" : "bad", attack->name, began ? "" : ", and nothing began");
    else
        printf("%s %s: refused with '%s', nothing began", good ? "good" : "bad", attack->name,
               attack->code);
    if (!good)
        printf(" [%s %s %s %s%s]", answer->kind, answer->part, answer->code, answer->text,
               began ? ", and an op began" : "");
    putchar('\n');
    if (good && attack->begins) {
        lie_clear(&self->last);
        self->last = lie;
    } else {
        lie_clear(&lie);
    }
}

static bool
try_group(enemy_t *self, table_t *table, const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(stories); i++)
        if (!strcmp(stories[i].name, name)) {
            stories[i].tell(self, table);
            return true;
        }
    for (size_t i = 0; i < ARRAY_SIZE(groups); i++) {
        if (strcmp(groups[i].name, name) != 0)
            continue;
        for (size_t j = 0; j < groups[i].count; j++)
            try(self, table, &groups[i].attacks[j]);
        return true;
    }
    return false;
}

static bool
try_looted(enemy_t *self, table_t *table, const char *name)
{
    lie_t lie = {0};
    const answer_t *answer = &table->answer;
    if (!looted_make(self, name, &lie))
        return false;
    meet(table, self->worker);
    ask(table, &lie, self->worker);
    printf("%s%s%s %s %s\n", answer->kind, *answer->part ? " " : "", answer->part, answer->code,
           answer->text);
    lie_clear(&lie);
    return true;
}

/* ---- beginning --------------------------------------------------------------------------- */

static void
parse(enemy_t *self, int argc, char **argv)
{
    const struct {
        const char *name;
        const char **value;
    } options[] = {
        {"--listen", &self->listen},
        {"--curve", &self->curve},
        {"--signing-key", &self->signing_key},
        {"--site", &self->site},
        {"--worker", &self->worker},
        {"--host", &self->host},
        {"--path", &self->path},
        {"--loot", &self->loot},
        {"--callee", &self->callee},
        {"--people", &self->people},
        {"--state", &self->state},
    };
    for (int i = 2; i + 1 < argc; i++)
        for (size_t j = 0; j < ARRAY_SIZE(options); j++)
            if (!strcmp(options[j].name, argv[i]))
                *options[j].value = argv[i + 1];
    for (size_t j = 0; j < ARRAY_SIZE(options); j++)
        if (!*options[j].value)
            *options[j].value = "";
}

/* "enemy fido-key FILE.pub APPLICATION": the line of a FIDO key that has this key's point. */
static int
print_fido_key(const char *path, const char *application)
{
    pubkey_t key;
    fault_t fault = {0};
    CLEANUP(bytes_destroy) bytes_t *line = forge_read(path, "", "");
    CLEANUP(bytes_destroy) bytes_t *out = bytes_new();
    if (pubkey_read_line(&key, bytes_text(line), &fault))
        forge_die(fault.text);
    key.kind = PUBKEY_SK_ED25519;
    text_copy(key.application, sizeof key.application, application);
    pubkey_write(&key, out);
    puts(bytes_text(out));
    return 0;
}

/* "enemy forget LEDGER": as months later, what a broker acknowledged is not kept any more. */
static int
forget(const char *path)
{
    fault_t fault = {0};
    CLEANUP(ledger_destroy) ledger_t *ledger = ledger_open(path, &fault);
    if (!ledger || ledger_forget_receipts(ledger, (wall_t){INT64_MAX}, &fault) ||
        ledger_commit(ledger, &fault))
        forge_die(fault.text);
    return 0;
}

int
main(int argc, char **argv)
{
    enemy_t self = {0};
    table_t table = {0};
    const char *name = argc > 1 ? argv[1] : "";
    bool tried = false;
    if (sodium_init() < 0)
        return 2;
    if (argc == 4 && !strcmp(name, "fido-key"))
        return print_fido_key(argv[2], argv[3]);
    if (argc == 3 && !strcmp(name, "forget"))
        return forget(argv[2]);
    parse(&self, argc, argv);
    setvbuf(stdout, NULL, _IOLBF, 0);
    table.socket = open_socket(&self);
    for (int i = 1; i < argc && argv[i][0] != '-'; i++)
        tried = try_group(&self, &table, argv[i]) || tried;
    if (!tried && !try_looted(&self, &table, name)) {
        fprintf(stderr, "enemy: there is no group or attack '%s'\n", name);
        return 64;
    }
    for (size_t i = 0; i < table.count; i++) {
        zframe_destroy(&table.peers[i].route);
        value_destroy(&table.peers[i].state);
    }
    zsock_destroy(&table.socket);
    value_destroy(&table.receipts);
    lie_clear(&self.last);
    return 0;
}
