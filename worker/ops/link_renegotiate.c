/* SPDX-License-Identifier: Apache-2.0 */
/* A link that negotiates anew carries nothing for some seconds, as one that is turned off: nobody
 * does it to what packets home leave by. */
#include <errno.h>
#include <linux/ethtool.h>

#include "worker/foresight.h"
#include "worker/ops/bodies.h"
#include "worker/ops/ethtool.h"
#include "worker/ops/way.h"

static int
refuse_off(const char *link, fault_t *fault)
{
    return fault_set(fault, FAULT_FAILED,
                     "autonegotiation of '%s' is off: set its speed and duplex at both ends", link);
}

/* What it is now, as the result tells it. */
static value_t *
was(const char *link, int64_t speed_mbps, const char *duplex)
{
    value_t *result = value_map();
    value_set_text(result, "link", link);
    if (speed_mbps)
        value_set_integer(result, "was_speed_mbps", speed_mbps);
    if (duplex && *duplex)
        value_set_text(result, "was_duplex", duplex);
    return result;
}

value_t *
link_renegotiate(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    const char *link = value_get_text(arguments, "link");
    struct ethtool_value restart = {.cmd = ETHTOOL_NWAY_RST};
    ethtool_mode_t mode;
    if (way_spares_link(world, link, false, fault))
        return NULL;
    int wrong = ethtool_mode(link, &mode);
    if (!wrong && !mode.negotiates) {
        refuse_off(link, fault);
        return NULL;
    }
    wrong = wrong ? wrong : ethtool_command(link, &restart);
    if (!wrong)
        return was(link, mode.speed_mbps, mode.duplex);
    fault_set(fault, FAULT_FAILED, "'%s' does not negotiate anew: %s", link,
              wrong == EOPNOTSUPP ? "its driver cannot" : strerror(wrong));
    return NULL;
}

value_t *
link_renegotiate_foreseen(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    const char *link = value_get_text(arguments, "link");
    const char *duplex = value_get_text(world->seen, "duplex");
    int64_t speed_mbps = value_get_integer(world->seen, "speed_mbps");
    if (way_spares_link(world, link, false, fault))
        return NULL;
    if (!value_get_bool(world->seen, "autonegotiation")) {
        refuse_off(link, fault);
        return NULL;
    }
    value_t *foresight = foresight_new();
    foresight_goes(foresight, "%s: %lld Mbit/s, %s duplex, as it was negotiated", link,
                   (long long)speed_mbps, *duplex ? duplex : "unknown");
    foresight_comes(foresight, "%s: negotiated anew, without a signal meanwhile", link);
    return foresight_give(foresight, was(link, speed_mbps, duplex));
}
