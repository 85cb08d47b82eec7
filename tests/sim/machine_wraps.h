/* SPDX-License-Identifier: Apache-2.0 */
/* machine_wraps - the judge's writing calls on its ledger, which the linker sends to
 * tests/sim/machine.c (-Wl,--wrap): there they fail when the seed says so, and facts are noted. */
#ifndef TOCSIN_SIM_MACHINE_WRAPS_H
#define TOCSIN_SIM_MACHINE_WRAPS_H

#include "worker/ledger.h"

int __real_ledger_commit(ledger_t *ledger, fault_t *fault);
int __real_ledger_put_part(ledger_t *ledger, const part_row_t *part, fault_t *fault);
int __real_ledger_put_effect(ledger_t *ledger, const effect_row_t *effect, fault_t *fault);
int __real_ledger_put_receipt(ledger_t *ledger, uint64_t sequence, const hash_t *run,
                              slice_t document, slice_t output, fault_t *fault);

int __wrap_ledger_commit(ledger_t *ledger, fault_t *fault);
int __wrap_ledger_put_part(ledger_t *ledger, const part_row_t *part, fault_t *fault);
int __wrap_ledger_put_effect(ledger_t *ledger, const effect_row_t *effect, fault_t *fault);
int __wrap_ledger_put_receipt(ledger_t *ledger, uint64_t sequence, const hash_t *run,
                              slice_t document, slice_t output, fault_t *fault);

#endif
