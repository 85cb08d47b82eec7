/* SPDX-License-Identifier: Apache-2.0 */
/* Linked into every unit test: what one makes for itself is noted in the file that TOCSIN_SCRATCH
 * names, and tests/run removes what is left of it where the test was killed. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/unit/scratch_wraps.h"

static void
note(const char *path)
{
    int before = errno;
    const char *list = getenv("TOCSIN_SCRATCH");
    int fd = list ? open(list, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666) : -1;
    if (fd >= 0) {
        dprintf(fd, "%s\n", path);
        close(fd);
    }
    errno = before;
}

char *
__wrap_mkdtemp(char *path)
{
    char *made = __real_mkdtemp(path);
    if (made)
        note(made);
    return made;
}

int
__wrap_mkstemp(char *path)
{
    int fd = __real_mkstemp(path);
    if (fd >= 0)
        note(path);
    return fd;
}
