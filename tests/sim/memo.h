/* SPDX-License-Identifier: Apache-2.0 */
/* memo - what was decoded once in a process is not decoded again: the linker sends the decoders of
 * documents and armors here (-Wl,--wrap), and they give one object for the same bytes to all nodes,
 * who only read it; its destroyer lets it be. Bytes that do not hold are decoded each time. */
#ifndef TOCSIN_SIM_MEMO_H
#define TOCSIN_SIM_MEMO_H

#include "keys/consent.h"
#include "keys/fleet.h"
#include "keys/grant.h"
#include "keys/halt.h"
#include "keys/order.h"
#include "keys/people.h"
#include "keys/receipt.h"
#include "keys/release.h"
#include "keys/root.h"
#include "keys/signature.h"
#include "wire/manifest.h"

#define MEMO_KINDS(X) \
    X(root)           \
    X(people)         \
    X(fleet)          \
    X(release) X(order) X(grant) X(alert) X(receipt) X(consent) X(stop) X(resume) X(manifest)

/* What is remembered so far stays for all worlds; the rest goes with memo_forget, once nobody holds
 * any of it. */
void memo_keep(void);
void memo_forget(void);

#define X(noun)                                                         \
    noun##_t *__real_##noun##_decode(slice_t document, fault_t *fault); \
    noun##_t *__wrap_##noun##_decode(slice_t document, fault_t *fault); \
    void __real_##noun##_destroy(noun##_t **self_p);                    \
    void __wrap_##noun##_destroy(noun##_t **self_p);
MEMO_KINDS(X)
#undef X

int __real_signature_next(signature_t *self, slice_t *armors, fault_t *fault);
int __wrap_signature_next(signature_t *self, slice_t *armors, fault_t *fault);
int __real_signature_decode_by(signature_t *self, slice_t armor, const pubkey_t *key,
                               fault_t *fault);
int __wrap_signature_decode_by(signature_t *self, slice_t armor, const pubkey_t *key,
                               fault_t *fault);

#endif
