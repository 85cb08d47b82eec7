/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/pager.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORDS_MAX 16 /* of PAGER, its NULL too */

static pid_t reader; /* the pager; 0 none */

static bool
is_paged(const command_t *command)
{
    static const char *const shown[] = {"list", "view", "diff"};
    if (!command->verb)
        return !strcmp(command->noun, "why");
    for (size_t i = 0; i < ARRAY_SIZE(shown); i++)
        if (!strcmp(command->verb, shown[i]))
            return true;
    return false;
}

/* PAGER's words become argv, in place; no shell. */
static void
split(char *text, char *argv[static WORDS_MAX])
{
    size_t count = 0;
    char *rest = NULL;
    for (char *word = strtok_r(text, " ", &rest); word && count < WORDS_MAX - 1;
         word = strtok_r(NULL, " ", &rest))
        argv[count++] = word;
    argv[count] = NULL;
}

_Noreturn static void
become(const char *pager, int in)
{
    char *argv[WORDS_MAX];
    char *text = strdup(pager);
    if (!text || dup2(in, STDIN_FILENO) < 0)
        _exit(127);
    close(in);
    setenv("LESS", "FRX", 0); /* short answers stay on the screen, colours too */
    split(text, argv);
    if (*argv)
        execvp(*argv, argv);
    fprintf(stderr, "tocsin: PAGER '%.100s' cannot be started: %m; try --no-pager\n", pager);
    _exit(127);
}

void
pager_begin(const options_t *options, const command_t *command)
{
    int ends[2];
    const char *pager = getenv("PAGER");
    if (options->no_pager || options->json || !pager || !*pager || !strcmp(pager, "cat") ||
        !is_paged(command) || !isatty(STDOUT_FILENO) || pipe(ends))
        return;
    reader = fork();
    if (!reader) {
        close(ends[1]);
        become(pager, ends[0]);
    }
    if (reader > 0 && dup2(ends[1], STDOUT_FILENO) >= 0)
        signal(SIGPIPE, SIG_IGN); /* who has read enough leaves */
    close(ends[0]);
    close(ends[1]);
}

bool
pager_is_open(void)
{
    return reader > 0;
}

void
pager_end(void)
{
    int status;
    if (!pager_is_open())
        return;
    fflush(stdout);
    close(STDOUT_FILENO);
    waitpid(reader, &status, 0);
}
