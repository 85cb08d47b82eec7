/* SPDX-License-Identifier: Apache-2.0 */
/* What each op may, on its machine. */
#include <linux/capability.h>

#include "worker/ops/bodies.h"

#define CAP(name) (1ULL << CAP_##name)

static const op_row_t rows[] = {
    {.name = "conntrack.count",
     .body = conntrack_count,
     .capabilities = CAP(NET_ADMIN),
     .network = true},
    {.name = "disk.largest", .body = disk_largest, .capabilities = CAP(DAC_READ_SEARCH)},
    {.name = "disk.usage", .body = disk_usage, .capabilities = CAP(DAC_READ_SEARCH)},
    {.name = "file.remove", .body = file_remove, .capabilities = CAP(DAC_OVERRIDE) | CAP(FOWNER)},
    {.name = "file.truncate", .body = file_truncate, .capabilities = CAP(DAC_OVERRIDE)},
    {.name = "firewall.block",
     .body = firewall_block,
     .capabilities = CAP(NET_ADMIN),
     .network = true,
     .executes = true},
    {.name = "firewall.limit",
     .body = firewall_limit,
     .capabilities = CAP(NET_ADMIN),
     .network = true,
     .executes = true},
    {.name = "firewall.unblock",
     .body = firewall_unblock,
     .capabilities = CAP(NET_ADMIN),
     .network = true,
     .executes = true},
    {.name = "firewall.unlimit",
     .body = firewall_unlimit,
     .capabilities = CAP(NET_ADMIN),
     .network = true,
     .executes = true},
    {.name = "host.cpu", .body = host_cpu},
    {.name = "host.files", .body = host_files},
    {.name = "host.isolate",
     .body = host_isolate,
     .capabilities = CAP(NET_ADMIN),
     .network = true,
     .executes = true},
    {.name = "host.load", .body = host_load},
    {.name = "host.memory", .body = host_memory},
    {.name = "host.oom", .body = host_oom, .capabilities = CAP(DAC_READ_SEARCH)},
    {.name = "host.pressure", .body = host_pressure},
    {.name = "host.release",
     .body = host_release,
     .capabilities = CAP(NET_ADMIN),
     .network = true,
     .executes = true},
    {.name = "host.sysctl", .body = host_sysctl, .capabilities = CAP(DAC_READ_SEARCH)},
    {.name = "host.uptime", .body = host_uptime, .capabilities = CAP(DAC_READ_SEARCH)},
    {.name = "link.list", .body = link_list, .network = true},
    {.name = "link.view", .body = link_view, .network = true},
    {.name = "neighbour.list", .body = neighbour_list, .network = true},
    {.name = "net.tcp", .body = net_tcp, .network = true},
    {.name = "process.list", .body = process_list},
    {.name = "route.get", .body = route_get, .network = true},
    {.name = "route.list", .body = route_list, .network = true},
    {.name = "service.restart", .body = service_restart, .network = true, .whole = true},
    {.name = "service.start", .body = service_start, .network = true, .whole = true},
    {.name = "service.status",
     .body = service_status,
     .capabilities = CAP(DAC_READ_SEARCH) | CAP(SYS_PTRACE)},
    {.name = "socket.summary", .body = socket_summary, .network = true},
};

const op_row_t *
op_row(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        if (!strcmp(rows[i].name, name))
            return &rows[i];
    return NULL;
}
