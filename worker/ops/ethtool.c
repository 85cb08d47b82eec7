/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/ops/ethtool.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/ethtool_netlink.h>
#include <linux/genetlink.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>

#include "common/file.h"
#include "common/text.h"

_Static_assert(ETHTOOL_HEAD == GENL_HDRLEN, "the head of generic netlink");

static struct nlmsghdr *
begin(void *memory, int family, unsigned command)
{
    struct nlmsghdr *request = netlink_begin(memory, family, 0, GENL_HDRLEN);
    struct genlmsghdr *head = mnl_nlmsg_get_payload(request);
    head->cmd = (uint8_t)command;
    head->version = 1;
    return request;
}

static void
on_family(const struct nlmsghdr *message, void *family)
{
    const struct nlattr *has[CTRL_ATTR_MAX + 1];
    netlink_attributes(message, GENL_HDRLEN, has, CTRL_ATTR_MAX);
    if (has[CTRL_ATTR_FAMILY_ID])
        *(int *)family = mnl_attr_get_u16(has[CTRL_ATTR_FAMILY_ID]);
}

/* Its number. 0 or an errno; EOPNOTSUPP where the kernel has none. */
static int
find_family(int *family)
{
    char memory[NETLINK_REQUEST_MAX];
    struct nlmsghdr *request = begin(memory, GENL_ID_CTRL, CTRL_CMD_GETFAMILY);
    mnl_attr_put_strz(request, CTRL_ATTR_FAMILY_NAME, ETHTOOL_GENL_NAME);
    int wrong = netlink_ask(NETLINK_GENERIC, request, on_family, family);
    return wrong == ENOENT ? EOPNOTSUPP : wrong;
}

int
ethtool_ask(const char *link, unsigned command, netlink_on_t *on, void *context)
{
    char memory[NETLINK_REQUEST_MAX];
    int family = 0, wrong = find_family(&family);
    if (wrong)
        return wrong;
    struct nlmsghdr *request = begin(memory, family, command);
    struct nlattr *about = mnl_attr_nest_start(request, ETHTOOL_A_LINKINFO_HEADER);
    mnl_attr_put_strz(request, ETHTOOL_A_HEADER_DEV_NAME, link);
    mnl_attr_nest_end(request, about);
    return netlink_ask(NETLINK_GENERIC, request, on, context);
}

int
ethtool_command(const char *link, void *request)
{
    struct ifreq question = {.ifr_data = request};
    CLEANUP(descriptor_close) int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    text_copy(question.ifr_name, sizeof question.ifr_name, link);
    return fd >= 0 && ioctl(fd, SIOCETHTOOL, &question) >= 0 ? 0 : errno;
}

ethtool_mode_t
ethtool_read_mode(const struct nlmsghdr *message)
{
    static const char *const duplexes[] = {[DUPLEX_HALF] = "half", [DUPLEX_FULL] = "full"};
    const struct nlattr *has[ETHTOOL_A_LINKMODES_MAX + 1];
    netlink_attributes(message, GENL_HDRLEN, has, ETHTOOL_A_LINKMODES_MAX);
    const struct nlattr *negotiates = has[ETHTOOL_A_LINKMODES_AUTONEG];
    const struct nlattr *duplex = has[ETHTOOL_A_LINKMODES_DUPLEX];
    uint32_t speed = netlink_u32(has[ETHTOOL_A_LINKMODES_SPEED]);
    uint8_t which = duplex ? mnl_attr_get_u8(duplex) : DUPLEX_UNKNOWN;
    return (ethtool_mode_t){
        .negotiates = negotiates && mnl_attr_get_u8(negotiates) == AUTONEG_ENABLE,
        .speed_mbps = speed == (uint32_t)SPEED_UNKNOWN ? 0 : speed,
        .duplex = which < ARRAY_SIZE(duplexes) ? duplexes[which] : NULL,
    };
}

static void
on_mode(const struct nlmsghdr *message, void *mode)
{
    *(ethtool_mode_t *)mode = ethtool_read_mode(message);
}

int
ethtool_mode(const char *link, ethtool_mode_t *out)
{
    *out = (ethtool_mode_t){0};
    return ethtool_ask(link, ETHTOOL_MSG_LINKMODES_GET, on_mode, out);
}
