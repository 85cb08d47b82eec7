/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/keys.h"
int
keys_doctor(const options_t *options, int argc, char **argv)
{
    (void)options, (void)argc, (void)argv;
    return 0;
}
