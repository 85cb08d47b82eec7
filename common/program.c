/* SPDX-License-Identifier: Apache-2.0 */
#include "common/program.h"

#include <string.h>
#include <unistd.h>

int
program_folder(char out[static PATH_MAX], fault_t *fault)
{
    ssize_t size = readlink("/proc/self/exe", out, PATH_MAX - 1);
    if (size < 0)
        return fault_errno(fault, "/proc/self/exe");
    out[size] = '\0';
    *strrchr(out, '/') = '\0';
    return 0;
}
