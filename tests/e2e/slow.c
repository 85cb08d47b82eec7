/* SPDX-License-Identifier: Apache-2.0 */
/* slow - a small real daemon for tests, whose start and stop take until FOLDER/go is there.
 *
 *     slow start FOLDER    counts the call, waits, then runs in the background; pid in FOLDER/pid
 *     slow stop FOLDER     counts the call, waits, then ends that process */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void
note(const char *name, const char *text)
{
    int fd = open(name, O_WRONLY | O_CREAT | O_APPEND, 0644);
    if (fd < 0 || write(fd, text, strlen(text)) < 0)
        exit(1);
    close(fd);
}

static void
wait_to_go_on(void)
{
    while (access("go", F_OK)) {
        note("waiting", "");
        usleep(20000);
    }
}

static void
start(void)
{
    char pid[24];
    note("calls", "start\n");
    wait_to_go_on();
    if (daemon(1, 0))
        exit(1);
    snprintf(pid, sizeof pid, "%d\n", getpid());
    unlink("pid");
    note("pid", pid);
    for (;;)
        pause();
}

static void
stop(void)
{
    char pid[24] = "";
    note("calls", "stop\n");
    wait_to_go_on();
    int fd = open("pid", O_RDONLY);
    if (fd >= 0 && read(fd, pid, sizeof pid - 1) > 0 && atol(pid) > 1)
        kill((pid_t)atol(pid), SIGKILL);
}

int
main(int argc, char **argv)
{
    if (argc != 3 || chdir(argv[2]))
        return 64;
    if (!strcmp(argv[1], "start"))
        start();
    else
        stop();
    return 0;
}
