/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "cli/keys.h"
#include "cli/options.h"
#include "cli/reckoning.h"
#include "cli/state.h"
#include "cli/table.h"
#include "common/document.h"
#include "common/file.h"
#include "wire/dossier.h"

#define LIST_DEFAULT 30
#define LIST_MAX     1000

/* What the file brings along, or else the site's folder has. */
static past_t *
past_for(const options_t *options, const trust_t *trust, const record_t *record, fault_t *fault)
{
    slice_t dossier = record_dossier(record);
    CLEANUP(bytes_destroy) bytes_t *now = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *replaced = bytes_new();
    if (dossier.size)
        return past_of(trust_site(trust), dossier, record_past(record));
    if (dossier_read(options->site, NULL, now, fault) || past_read(options->site, replaced, fault))
        return NULL;
    return past_of(trust_site(trust), bytes_slice(now), bytes_slice(replaced));
}

static int
prove(const options_t *options, trust_t *trust, record_t *record, fault_t *fault)
{
    CLEANUP(past_destroy) past_t *past = past_for(options, trust, record, fault);
    return past ? reckoning_of(record, trust, &past, options->json, fault) : -1;
}

/* What expired since was in force when it was signed; what no quorum or officer stands behind never
 * was. */
static int
check_backed(const trust_t *trust, fault_t *fault)
{
    return trust_check_current(trust, wall_now(), fault) && fault->code != FAULT_EXPIRED ? -1 : 0;
}

/* What a file is held against: with the documents that it brings along, the site's id is enough. */
static trust_t *
trust_for(const options_t *options, const char *root, const record_t *record, fault_t *fault)
{
    hash_t id;
    slice_t dossier = record ? record_dossier(record) : slice_of(NULL, 0);
    if (!dossier.size && !root)
        return site_load(options, fault);
    CLEANUP(bytes_destroy)
    bytes_t *first = root ? file_read(root, DOCUMENT_BYTES_MAX, fault) : NULL;
    if (root ? !first : keys_site_id(options->site, &id, fault))
        return NULL;
    if (first)
        id = hash_of(bytes_slice(first));
    CLEANUP(trust_destroy) trust_t *trust = trust_new(&id);
    if (!dossier.size) {
        fault_set(
            fault, FAULT_NOT_FOUND,
            "the file brings no documents of the site: --root is not enough, set TOCSIN_SITE");
        return NULL;
    }
    if (dossier_verify(dossier, trust, fault) || check_backed(trust, fault)) {
        fault_wrap(fault, "the site's documents in the file");
        return NULL;
    }
    return MOVE(trust);
}

static void
say_site(const trust_t *trust, const record_t *record)
{
    char site[HASH_TEXT];
    if (record_dossier(record).size)
        printf("the file's own root, people and %zu fleets hold, from the root whose hash is %s\n",
               trust_fleet_count(trust), hash_write(trust_site(trust), site));
}

static int
audit_verify(const options_t *options, int argc, char **argv)
{
    fault_t fault = {.text = "name at most one file, and --root for a file only"};
    const char *root = NULL;
    const option_t rows[] = {{"--root", OPTION_TEXT, &root}, {NULL, OPTION_FLAG, NULL}};
    if (options_take(rows, 1, &argc, argv, true, &fault) || argc > 2 || (root && argc < 2))
        return command_usage(command_row(audit_commands, argv[0]), "%s", fault.text);
    CLEANUP(record_close) record_t *record = argc == 2 ? record_load(argv[1], &fault) : NULL;
    CLEANUP(trust_destroy)
    trust_t *trust = argc == 1 || record ? trust_for(options, root, record, &fault) : NULL;
    CLEANUP(client_close)
    client_t *client = trust && argc == 1 ? client_open(options, trust, &fault) : NULL;
    if (client)
        record = record_ask(client, &fault);
    if (trust && record && !options->json)
        say_site(trust, record);
    if (!trust || !record || prove(options, trust, record, &fault))
        return command_fail(&fault);
    return 0;
}

static int
write_export(const options_t *options, record_t *record, const char *path, fault_t *fault)
{
    slice_t leaf;
    int more;
    uint64_t index = 0;
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    bytes_add_text(text, RECORD_EXPORT_HEAD);
    bytes_add_slice(text, record_document(record));
    bytes_add_slice(text, record_armor(record));
    bytes_add_slice(text, record_testimony(record));
    if (record_add_site(options->site, text, fault))
        return -1;
    while ((more = record_next(record, &leaf, fault)) == 1) {
        bytes_addf(text, "leaf %llu %zu\n", (unsigned long long)index++, leaf.size);
        bytes_add_slice(text, leaf);
        bytes_add_u8(text, '\n');
        if (text->size > RECORD_EXPORT_MAX)
            return fault_set(fault, FAULT_LIMIT, "the export is over 4 GiB");
    }
    bytes_add_text(text, "end\n");
    if (more || file_write(path, bytes_slice(text), 0644, fault))
        return -1;
    if (options->json) {
        CLEANUP(value_destroy) value_t *body = value_map();
        value_set_text(body, "file", path);
        value_set_integer(body, "leaves", (int64_t)index);
        json_print("export", body);
    } else {
        printf("%s has %llu leaves; anyone who has root.1 may check it: tocsin audit verify %s "
               "--root root.1\n",
               path, (unsigned long long)index, path);
    }
    return 0;
}

static int
audit_export(const options_t *options, int argc, char **argv)
{
    fault_t fault = {.text = "name the file to write"};
    const option_t rows[] = {{NULL, OPTION_FLAG, NULL}};
    if (options_take(rows, 1, &argc, argv, true, &fault) || argc != 2)
        return command_usage(command_row(audit_commands, argv[0]), "%s", fault.text);
    CLEANUP(trust_destroy) trust_t *trust = site_load(options, &fault);
    CLEANUP(client_close) client_t *client = trust ? client_open(options, trust, &fault) : NULL;
    CLEANUP(record_close) record_t *record = client ? record_ask(client, &fault) : NULL;
    if (!record || write_export(options, record, argv[1], &fault))
        return command_fail(&fault);
    return 0;
}

/* "order 3f2a...", or what an event says. */
static void
print_leaf(const value_t *leaf)
{
    char text[2 * FAULT_TEXT_MAX], hash[HASH_TEXT], shown[FAULT_TEXT_MAX];
    slice_t bytes = value_slice(value_get(leaf, "bytes")), document, armors;
    const char *kind = value_get_text(leaf, "kind");
    size_t skip = strlen(kind) + 1;
    slice_t payload = slice_of(bytes.data + skip, bytes.size > skip ? bytes.size - skip : 0);
    CLEANUP(bytes_destroy) bytes_t *line = bytes_copy(payload);
    if (document_split(payload, &document, &armors)) {
        hash_t of = hash_of(document);
        CLEANUP(order_destroy) order_t *order = order_decode(document, NULL);
        bool glass = order && order_breaks_glass(order);
        if (glass)
            show_text(order->break_glass, shown, sizeof shown);
        snprintf(text, sizeof text, "%.12s%s%s", hash_write(&of, hash),
                 glass ? "  BREAK-GLASS: " : "", glass ? shown : "");
    } else {
        show_text(bytes_text(line), text, sizeof text);
    }
    printf("%8lld  %-10s %s\n", (long long)value_get_integer(leaf, "index"), kind, text);
}

static int
audit_list(const options_t *options, int argc, char **argv)
{
    fault_t fault;
    uint64_t limit = LIST_DEFAULT;
    const option_t rows[] = {{"--limit", OPTION_NUMBER, &limit}, {NULL, OPTION_FLAG, NULL}};
    if (options_take(rows, 1, &argc, argv, true, &fault))
        return command_usage(command_row(audit_commands, argv[0]), "%s", fault.text);
    if (argc != 1)
        return command_usage(command_row(audit_commands, argv[0]), "'%s' does not belong here",
                             argv[1]);
    if (!limit || limit > LIST_MAX)
        return command_usage(command_row(audit_commands, argv[0]), "--limit is 1 to %d", LIST_MAX);
    CLEANUP(value_destroy) value_t *status = client_look(options, "status", NULL, &fault);
    if (!status)
        return command_fail(&fault);
    int64_t size = value_get_integer(value_get(status, "log"), "size");
    value_t *arguments = value_map();
    value_set_integer(arguments, "from", size > (int64_t)limit ? size - (int64_t)limit : 0);
    value_set_integer(arguments, "count", (int64_t)limit);
    CLEANUP(value_destroy) value_t *body = client_look(options, "log", arguments, &fault);
    if (!body)
        return command_fail(&fault);
    const value_t *leaves = value_get(body, "leaves");
    if (options->json)
        json_print("leaves", leaves);
    for (size_t i = 0; !options->json && i < value_count(leaves); i++)
        print_leaf(value_at(leaves, i));
    return 0;
}

const command_t audit_commands[] = {
    {"audit", "list", audit_list, "[--limit N]",
     "the last leaves of the record, as the broker has them"},
    {"audit", "verify", audit_verify, "[FILE [--root ROOT.1]]",
     "prove the whole record: tree, signatures, chains"},
    {"audit", "export", audit_export, "FILE", "write the record for a stranger to verify"},
    {NULL, NULL, NULL, NULL, NULL},
};
