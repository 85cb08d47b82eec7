/* SPDX-License-Identifier: Apache-2.0 */
/* hmac SECRET - HMAC-SHA-256 of standard input in hexadecimal, as a receiver of notices computes it
 * (the unit tests hold it to RFC 4231). */
#include <stdio.h>
#include <unistd.h>

#include "keys/mac.h"

int
main(int argc, char **argv)
{
    uint8_t chunk[4096];
    char hex[MAC_TEXT];
    ssize_t got;
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    if (argc != 2)
        return 64;
    while ((got = read(STDIN_FILENO, chunk, sizeof chunk)) > 0)
        bytes_add(text, chunk, (size_t)got);
    const slice_t part = bytes_slice(text);
    mac_t mac = mac_of(slice_text(argv[1]), &part, 1);
    printf("%s\n", mac_write(&mac, hex));
    return 0;
}
