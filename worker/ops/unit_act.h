/* SPDX-License-Identifier: Apache-2.0 */
/* unit_act - the bodies of ops that act on units of systemd, in the program ops-systemd. */
#ifndef TOCSIN_UNIT_ACT_H
#define TOCSIN_UNIT_ACT_H

#include "worker/op_cell.h"

op_body_t unit_start, unit_stop, unit_restart, unit_reload, unit_reset_failed, unit_limit,
    unit_mask, unit_unmask, unit_enable, unit_disable;

#endif
