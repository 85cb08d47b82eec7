/* SPDX-License-Identifier: Apache-2.0 */
/* tocsin keys person, broker, delegate, floor, reader, pardon: lines of the people document that
 * comes next. */
#include <stdio.h>

#include "cli/keys.h"
#include "cli/options.h"
#include "common/text.h"

int
keys_person(const options_t *options, int argc, char **argv)
{
    (void)options;
    const command_t *self = command_row(keys_commands, argv[0]);
    fault_t fault;
    const char *roles = NULL, *highest = "change", *scope = "any", *curve = NULL;
    const option_t rows[] = {
        {"--roles", OPTION_TEXT, &roles}, {"--highest", OPTION_TEXT, &highest},
        {"--scope", OPTION_TEXT, &scope}, {"--curve", OPTION_TEXT, &curve},
        {NULL, OPTION_FLAG, NULL},
    };
    unsigned set;
    class_t class_;
    pubkey_t key;
    if (options_take(rows, 1, &argc, argv, true, &fault))
        return command_usage(self, "%s", fault.text);
    if (argc != 4 || !text_is_name(argv[2]))
        return command_usage(self, "name a folder, a person and the file of a public key");
    if (!roles || !roles_read(roles, &set) || !set)
        return command_usage(self,
                             "--roles is a list in the order author,reviewer,responder,officer");
    if (!class_read(highest, &class_) || !scope_valid(scope) || (curve && !keys_curve_valid(curve)))
        return command_usage(self, "--highest is a class, --scope is any or NAME=NAME,..., --curve "
                                   "64 hexadecimal digits");
    CLEANUP(draft_destroy) draft_t *draft = keys_draft(argv[1], "people", &fault);
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    if (!draft || keys_read_public(argv[3], &key, &fault))
        return command_fail(&fault);
    pubkey_write(&key, text);
    draft_drop(draft, "key", argv[2], bytes_text(text));
    draft_add(draft, "key", "%s %s %s %s %s", argv[2], roles, highest, scope, bytes_text(text));
    if (curve) {
        draft_drop(draft, "curve", argv[2], "");
        draft_add(draft, "curve", "%s %s", argv[2], curve);
    }
    return keys_draft_done(argv[1], "people", draft);
}

/* The draft with one line "NAME VALUE" of a key in it, in the place of NAME's line before. */
static int
put_line(const char *folder, const char *key, const char *name, const char *value, bool replace)
{
    fault_t fault;
    CLEANUP(draft_destroy) draft_t *draft = keys_draft(folder, "people", &fault);
    if (!draft)
        return command_fail(&fault);
    if (replace)
        draft_drop(draft, key, name, "");
    draft_add(draft, key, "%s %s", name, value);
    return keys_draft_done(folder, "people", draft);
}

int
keys_broker(const options_t *options, int argc, char **argv)
{
    (void)options;
    if (argc != 4 || !text_is_name(argv[2]) || !keys_curve_valid(argv[3]))
        return command_usage(command_row(keys_commands, argv[0]),
                             "name a folder, a broker and its 64 digits");
    return put_line(argv[1], "broker", argv[2], argv[3], true);
}

int
keys_reader(const options_t *options, int argc, char **argv)
{
    (void)options;
    if (argc != 4 || !text_is_name(argv[2]) || !keys_curve_valid(argv[3]))
        return command_usage(command_row(keys_commands, argv[0]),
                             "name a folder, a person and the 64 digits that 'tocsin keys "
                             "sealing' printed");
    return put_line(argv[1], "sealing", argv[2], argv[3], true);
}

int
keys_delegate(const options_t *options, int argc, char **argv)
{
    (void)options;
    if (argc != 4 || !text_is_name(argv[2]) || !text_is_name(argv[3]))
        return command_usage(command_row(keys_commands, argv[0]),
                             "name a folder, a region and an officer");
    return put_line(argv[1], "delegate", argv[2], argv[3], false);
}

int
keys_floor(const options_t *options, int argc, char **argv)
{
    (void)options;
    uint64_t sequence;
    if (argc != 4 || !text_is_name(argv[2]) || !text_read_u64(argv[3], 1, INT64_MAX, &sequence))
        return command_usage(command_row(keys_commands, argv[0]),
                             "name a folder, a playbook and the lowest sequence that may still "
                             "run");
    return put_line(argv[1], "floor", argv[2], argv[3], true);
}

int
keys_pardon(const options_t *options, int argc, char **argv)
{
    (void)options;
    hash_t revoke;
    fault_t fault;
    if (argc != 3 || !hash_read(argv[2], &revoke))
        return command_usage(command_row(keys_commands, argv[0]),
                             "name a folder and all 64 digits of a revoke; see: tocsin stop list");
    CLEANUP(draft_destroy) draft_t *draft = keys_draft(argv[1], "people", &fault);
    if (!draft)
        return command_fail(&fault);
    draft_add(draft, "pardon", "%s", argv[2]);
    return keys_draft_done(argv[1], "people", draft);
}
