/* SPDX-License-Identifier: Apache-2.0 */
/* What systemd-networkd's files say of a link is what it is to have, its routes too. Where packets
 * home still leave by the link there is something to lose; where no route leads home there is not.
 */
#include <net/if.h>
#include <stdio.h>

#include "worker/foresight.h"
#include "worker/ops/bodies.h"
#include "worker/ops/command.h"
#include "worker/ops/machine.h"
#include "worker/ops/way.h"

#define NOTED_MAX 65536

static int
refuse(const char *link, fault_t *fault)
{
    return fault_set(
        fault, FAULT_FAILED,
        "systemd-networkd does not set '%s' up anew: does it run, and is the link its?", link);
}

/* Where no file is for the link systemd-networkd does nothing, and calls that well: what it noted
 * of each below /run names the file. */
static int
check(const op_world_t *world, const char *link, fault_t *fault)
{
    fault_t ignored;
    if (way_spares_link(world, link, true, fault))
        return -1;
    CLEANUP(bytes_destroy)
    bytes_t *noted = machine_read(world, NOTED_MAX, &ignored, "/run/systemd/netif/links/%u",
                                  if_nametoindex(link));
    return noted && strstr(bytes_text(noted), "\nNETWORK_FILE=") ? 0 : refuse(link, fault);
}

static value_t *
tell(const char *link)
{
    value_t *result = value_map();
    value_set_text(result, "link", link);
    return result;
}

value_t *
link_reconfigure(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    const char *link = value_get_text(arguments, "link");
    char index[16]; /* a name can be the number of another, or look like an option */
    const char *const words[] = {"/usr/bin/networkctl", "reconfigure", index, NULL};
    if (check(world, link, fault))
        return NULL;
    snprintf(index, sizeof index, "%u", if_nametoindex(link));
    int status = command_do(words, NULL, 0, fault);
    if (status > 0)
        refuse(link, fault);
    return status ? NULL : tell(link);
}

value_t *
link_reconfigure_foreseen(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    const char *link = value_get_text(arguments, "link");
    if (check(world, link, fault))
        return NULL;
    value_t *foresight = foresight_new();
    foresight_goes(foresight, "%s: addresses and routes that systemd-networkd's files do not have",
                   link);
    foresight_comes(foresight, "%s: those that they have", link);
    return foresight_give(foresight, tell(link));
}
