/* SPDX-License-Identifier: Apache-2.0 */
/* tocsin keys sign, take: a document on its way through the hands of those who sign it. */
#include "cli/options.h"
#include "cli/paper.h"

int
keys_sign(const options_t *options, int argc, char **argv)
{
    fault_t fault = {.text = "name a folder and a document in it"};
    const option_t rows[] = {{NULL, OPTION_FLAG, NULL}};
    CLEANUP(paper_clear) paper_t paper = {.draft = false};
    if (options_take(rows, 1, &argc, argv, true, &fault) || argc != 3)
        return command_usage(command_row(keys_commands, argv[0]), "%s", fault.text);
    if (paper_open(&paper, argv[1], argv[2], &fault) || paper_sign(&paper, options, &fault))
        return command_fail(&fault);
    return paper_hand_on(&paper, options);
}

int
keys_take(const options_t *options, int argc, char **argv)
{
    fault_t fault;
    int status = 0;
    if (argc < 3)
        return command_usage(command_row(keys_commands, argv[0]),
                             "name a folder and the documents to take into it");
    for (int i = 2; i < argc; i++) {
        CLEANUP(paper_clear) paper_t paper = {.draft = false};
        if (paper_take(&paper, argv[1], argv[i], &fault) || paper_check_ids(&paper, &fault) ||
            paper_settle(&paper, &fault)) {
            fault_wrap(&fault, "'%s' is not taken", argv[i]);
            return command_fail(&fault);
        }
        int handed = paper_hand_on(&paper, options);
        status = status ? status : handed;
    }
    return status;
}
