/* SPDX-License-Identifier: Apache-2.0 */
/* driver - gives every file of the folders named to the fuzzer linked with it, once, so that what
 * a fuzzer found stays found without one; the result is TAP. libFuzzer brings its own main. */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#ifndef LIBFUZZER

#define INPUT_MAX (4 << 20)

static int
is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static int
replay(const char *folder, const char *name)
{
    char path[PATH_MAX];
    fault_t fault = {0};
    snprintf(path, sizeof path, "%s/%s", folder, name);
    CLEANUP(bytes_destroy) bytes_t *input = file_read(path, INPUT_MAX, &fault);
    if (!input) {
        fprintf(stderr, "%s\n", fault.text);
        return -1;
    }
    /* Exactly as many bytes as there are, so that a sanitizer sees the first read behind them. */
    uint8_t *exact = memory_new(input->size, 1);
    memcpy(exact, input->data, input->size);
    LLVMFuzzerTestOneInput(exact, input->size);
    free(exact);
    return 0;
}

static int
replay_folder(const char *folder, unsigned *done)
{
    struct dirent **entries = NULL;
    int failed = 0, count = scandir(folder, &entries, is_visible, alphasort);
    if (count < 0) {
        perror(folder);
        return -1;
    }
    for (int i = 0; i < count; i++) {
        if (replay(folder, entries[i]->d_name))
            failed = -1;
        else
            (*done)++;
        free(entries[i]);
    }
    free(entries);
    return failed;
}

int
main(int argc, char **argv)
{
    unsigned done = 0;
    int failed = 0;
    for (int i = 1; i < argc; i++)
        if (replay_folder(argv[i], &done))
            failed = 1;
    bool good = done && !failed;
    printf("%sok 1 - corpus of %s: %u inputs\n1..1\n", good ? "" : "not ",
           program_invocation_short_name + strlen("fuzz_"), done);
    return !good;
}

#endif
