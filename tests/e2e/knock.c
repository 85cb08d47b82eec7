/* SPDX-License-Identifier: Apache-2.0 */
/* knock - a stranger at a Unix socket, for tests.
 *
 *     knock PATH UID    connects as that user, and waits to be turned away; says how that went.
 * Ends with 0 where it was heard: nobody closed the door within ten seconds */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    uid_t uid = argc == 3 ? (uid_t)strtoul(argv[2], NULL, 10) : 0;
    if (argc != 3 || strlen(argv[1]) >= sizeof name.sun_path)
        return 64;
    memcpy(name.sun_path, argv[1], strlen(argv[1]));
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (fd < 0 || setresuid(uid, uid, uid))
        return 64;
    if (connect(fd, (const struct sockaddr *)&name, sizeof name)) {
        printf("not let in: %s\n", strerror(errno));
        return 1;
    }
    struct pollfd door = {.fd = fd, .events = POLLIN};
    int closed = poll(&door, 1, 10000) == 1;
    puts(closed ? "turned away" : "heard");
    return closed;
}
