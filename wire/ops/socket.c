/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/ops/families.h"

static const op_t rows[] = {
    {
        .name = "socket.summary",
        .least = CLASS_OBSERVE,
        .again = AGAIN_IDEMPOTENT,
        .timeout_s = 30,
        .memory_mib = 64,
        .result_bytes_max = 8 * KIB,
        .help = "counts sockets by state and use, and tells the kernel's counters since boot",
        .result =
            "{sockets_in_use: integer, tcp_in_use: integer, tcp_orphans: integer, "
            "tcp_allocated: integer, tcp_memory_pages: integer, udp_in_use: integer, "
            "udp_memory_pages: integer, tcp_states: {established: integer, syn_sent: integer, "
            "syn_received: integer, fin_wait_1: integer, fin_wait_2: integer, time_wait: integer, "
            "closed: integer, close_wait: integer, last_ack: integer, listening: integer, "
            "closing: integer}, counters: {received_bad?: integer, retransmitted?: integer, "
            "sent?: integer, attempts_failed?: integer, resets?: integer, udp_errors?: integer, "
            "udp_no_port?: integer, udp_buffer_full?: integer, syncookies_sent?: integer, "
            "syncookies_failed?: integer, listen_overflows?: integer, listen_drops?: integer, "
            "request_queue_drops?: integer, backlog_drops?: integer, timeouts?: integer, "
            "aborts_for_memory?: integer}}",
    },
};

const op_family_t ops_socket = {rows, ARRAY_SIZE(rows)};
