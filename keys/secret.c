/* SPDX-License-Identifier: Apache-2.0 */
#include "keys/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file.h"

#define SECRET_TEXT (2 * SECRET_BYTES + 1) /* hexadecimal and LF in a file, or a NUL */

/* One read, so that no buffer but ours ever holds it. */
static int
read_digits(const char *path, char text[static SECRET_TEXT], fault_t *fault)
{
    struct stat about;
    CLEANUP(descriptor_close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0 || fstat(fd, &about)) {
        bool missing = errno == ENOENT || errno == ENOTDIR;
        fault_errno(fault, "secret '%s' cannot be read", path);
        if (missing && fault)
            fault->code = FAULT_NOT_FOUND;
        return -1;
    }
    if (!S_ISREG(about.st_mode) || (about.st_mode & 07777) != 0600)
        return fault_set(fault, FAULT_KEY, "secret '%s' is not a file of mode 0600", path);
    if (about.st_size != SECRET_TEXT || read(fd, text, SECRET_TEXT) != SECRET_TEXT ||
        text[SECRET_TEXT - 1] != '\n')
        return fault_set(fault, FAULT_KEY, "secret '%s' is not one line of 64 digits", path);
    text[SECRET_TEXT - 1] = '\0';
    return 0;
}

int
secret_load(const char *path, uint8_t out[static SECRET_BYTES], fault_t *fault)
{
    char text[SECRET_TEXT] = "";
    int failed = read_digits(path, text, fault);
    if (!failed && !hex_decode(text, out, SECRET_BYTES))
        failed = fault_set(fault, FAULT_KEY, "secret '%s' is not 64 hexadecimal digits", path);
    sodium_memzero(text, sizeof text);
    return failed;
}

int
secret_make(const char *path, uint8_t out[static SECRET_BYTES], fault_t *fault)
{
    char text[SECRET_TEXT + 1];
    if (!access(path, F_OK))
        return fault_set(fault, FAULT_CONFLICT, "secret '%s' is there already", path);
    randombytes_buf(out, SECRET_BYTES);
    hex_encode(slice_of(out, SECRET_BYTES), text);
    text[SECRET_TEXT - 1] = '\n';
    int failed = file_write(path, slice_of(text, SECRET_TEXT), 0600, fault);
    sodium_memzero(text, sizeof text);
    return failed;
}

void
secret_forget(uint8_t secret[static SECRET_BYTES])
{
    sodium_memzero(secret, SECRET_BYTES);
}
