/* SPDX-License-Identifier: Apache-2.0 */
/* netlink_wraps - the call that the linker sends to tests/unit/test_netlink.c (-Wl,--wrap), where
 * something changes behind each part of the kernel's answer. */
#ifndef TOCSIN_NETLINK_WRAPS_H
#define TOCSIN_NETLINK_WRAPS_H

#include <libmnl/libmnl.h>

ssize_t __real_mnl_socket_recvfrom(const struct mnl_socket *line, void *out, size_t size);
ssize_t __wrap_mnl_socket_recvfrom(const struct mnl_socket *line, void *out, size_t size);

#endif
