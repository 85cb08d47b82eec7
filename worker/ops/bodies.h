/* SPDX-License-Identifier: Apache-2.0 */
/* bodies - what acts, one function an op, one file a family. Each runs in an op_cell; arguments
 * passed op_check and the policy. What it takes and gives stands in the table of wire/ops/. */
#ifndef TOCSIN_BODIES_H
#define TOCSIN_BODIES_H

#include "worker/op_cell.h"

op_body_t disk_growth, disk_inodes, disk_io, disk_largest, disk_mounts, disk_raid, disk_usage;
op_body_t file_find, file_hash, file_quarantine, file_remove, file_remove_aged, file_restore,
    file_rotate, file_search, file_setuid, file_signature, file_stat, file_tail, file_truncate;
op_body_t sysctl_set;
op_body_t cron_disable, cron_enable, cron_list;
op_body_t user_end_sessions, user_failures, user_keys, user_list, user_lock, user_lockouts,
    user_remove_key, user_reset_lockout, user_restore_key, user_sessions, user_unlock;
op_body_t host_cpu, host_files, host_load, host_memory, host_oom, host_pressure, host_sysctl,
    host_uptime;
op_body_t service_status, service_start, service_stop, service_restart, service_reload;
op_body_t site_run;
op_body_t log_rotate, log_view;
op_body_t net_tcp;
op_body_t link_bond_join, link_down, link_list, link_reconfigure, link_renegotiate, link_settings,
    link_up, link_view;
op_body_t route_list, route_get, route_add, route_remove, neighbour_list;
op_body_t socket_summary;
op_body_t clock_step;
op_body_t conntrack_count, conntrack_flush;
op_body_t firewall_block, firewall_unblock, firewall_limit, firewall_unlimit;
op_body_t host_isolate, host_release;
op_body_t process_end_tree, process_files, process_freeze, process_list, process_renice,
    process_set_limit, process_signal, process_sockets, process_thaw, process_tree, process_view;
op_body_t net_traceroute;
op_body_t ntp_offset;
op_body_t package_clean, package_list, package_owner, package_restarts, package_updates,
    package_upgrade, package_view;
op_body_t evidence_facts, evidence_file, evidence_seal, evidence_text;

/* What foretells (worker/foresight.h), with no right to change anything. */
op_body_t clock_step_foreseen;
op_body_t cron_disable_foreseen, cron_enable_foreseen;
op_body_t conntrack_flush_foreseen;
op_body_t device_acl_add_foreseen, device_acl_remove_foreseen, device_backup_foreseen,
    device_neighbour_clear_foreseen, device_neighbour_down_foreseen,
    device_neighbour_reset_foreseen, device_neighbour_up_foreseen, device_no_shut_foreseen,
    device_shut_foreseen;
op_body_t disk_raid_readd_foreseen;
op_body_t evidence_facts_foreseen, evidence_file_foreseen, evidence_seal_foreseen,
    evidence_text_foreseen;
op_body_t net_flush_dns_foreseen;
op_body_t file_quarantine_foreseen, file_remove_foreseen, file_remove_aged_foreseen,
    file_restore_foreseen, file_rotate_foreseen, file_truncate_foreseen;
op_body_t firewall_block_foreseen, firewall_limit_foreseen, firewall_unblock_foreseen,
    firewall_unlimit_foreseen;
op_body_t host_isolate_foreseen, host_reboot_foreseen, host_release_foreseen;
op_body_t journal_vacuum_foreseen;
op_body_t link_bond_join_foreseen, link_down_foreseen, link_reconfigure_foreseen,
    link_renegotiate_foreseen, link_up_foreseen;
op_body_t log_rotate_foreseen;
op_body_t route_add_foreseen, route_remove_foreseen;
op_body_t package_clean_foreseen, package_upgrade_foreseen;
op_body_t process_end_tree_foreseen, process_freeze_foreseen, process_renice_foreseen,
    process_set_limit_foreseen, process_signal_foreseen, process_thaw_foreseen;
op_body_t service_reload_foreseen, service_restart_foreseen, service_start_foreseen,
    service_stop_foreseen;
op_body_t site_run_foreseen;
op_body_t sysctl_set_foreseen;
op_body_t postgres_cancel_foreseen, postgres_drop_slot_foreseen, postgres_end_session_foreseen;
op_body_t unit_disable_foreseen, unit_enable_foreseen, unit_limit_foreseen, unit_mask_foreseen,
    unit_reload_foreseen, unit_reset_failed_foreseen, unit_restart_foreseen, unit_start_foreseen,
    unit_stop_foreseen, unit_unmask_foreseen;
op_body_t user_end_sessions_foreseen, user_lock_foreseen, user_remove_key_foreseen,
    user_reset_lockout_foreseen, user_restore_key_foreseen, user_unlock_foreseen;

#endif
