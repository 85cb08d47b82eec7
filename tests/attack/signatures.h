/* SPDX-License-Identifier: Apache-2.0 */
/* signatures - attacks on who signed what, and how. */
#ifndef TOCSIN_TESTS_SIGNATURES_H
#define TOCSIN_TESTS_SIGNATURES_H

#include "tests/attack/lie.h"

#define ORDER_HOOK(name, field, value)            \
    static void name(enemy_t *self, plan_t *plan) \
    {                                             \
        (void)self;                               \
        plan->field = value;                      \
    }

ORDER_HOOK(in_approve, how.namespace, "approve@tocsin.v1")
ORDER_HOOK(in_grant, how.namespace, "grant@tocsin.v1")
ORDER_HOOK(in_git, how.namespace, "git")
ORDER_HOOK(with_reserved, how.reserved, "x")
ORDER_HOOK(of_version_2, how.version, 2)
ORDER_HOOK(with_blob_tail, how.blob_tail, "x")
ORDER_HOOK(with_tail, how.tail, "x\n")
ORDER_HOOK(with_crlf, how.crlf, true)
ORDER_HOOK(hashed_with_sha1, how.hash, "sha1")
ORDER_HOOK(of_63_bytes, how.short_by_one, true)
ORDER_HOOK(plus_order, how.plus_order, true)
ORDER_HOOK(of_small_order, how.small_order, true)
ORDER_HOOK(with_rsa, how.other_key, "rsa")
ORDER_HOOK(with_ecdsa, how.other_key, "ecdsa")
ORDER_HOOK(with_certificate, how.other_key, "dung-cert")
ORDER_HOOK(signed_by_nobody, signers, "")
ORDER_HOOK(signed_by_stranger, signers, "stranger")
ORDER_HOOK(signed_by_reviewer, signers, "ana")
ORDER_HOOK(signed_by_fido, signers, "phuc")

static void
approved_by_two_keys(enemy_t *self, plan_t *plan)
{
    plan_fresh(self, plan);
    plan->approvers = "ana ana2";
}

static void
author_as_approver(enemy_t *self, plan_t *plan)
{
    plan_fresh(self, plan);
    text_copy(plan->release->authors[0], TEXT_NAME_MAX + 1, "giang");
    plan->authors = "giang";
    plan->approvers = "ana";
}

/* The broker has this approval anyway: it stands beside the release. */
static void
approval_as_order(enemy_t *self, lie_t *lie)
{
    static const forge_t plain = {0};
    (void)self;
    bytes_clear(lie->armors);
    forge_sign(&plain, self->people, "ana", "approve@tocsin.v1", bytes_slice(lie->release),
               lie->armors);
}

static void
untouched(enemy_t *self, plan_t *plan)
{
    (void)self;
    plan->signers = "phuc";
    plan->how.application = "ssh:";
    plan->how.flags = 0;
}

static void
other_application(enemy_t *self, plan_t *plan)
{
    untouched(self, plan);
    plan->how.application = "ssh:elsewhere";
    plan->how.flags = SIGNATURE_TOUCHED | SIGNATURE_PIN;
}

static void
destructive_without_pin(enemy_t *self, plan_t *plan)
{
    (void)self;
    plan->release->highest = CLASS_DESTRUCTIVE;
    plan->signers = "dung phuc";
}

static void
own_key(enemy_t *self, lie_t *lie)
{
    fault_t fault = {0};
    CLEANUP(machinekey_destroy) machinekey_t *key = machinekey_load(self->signing_key, &fault);
    if (!key)
        forge_die(fault.text);
    bytes_clear(lie->armors);
    machinekey_sign(key, SIGN_ORDER, bytes_slice(lie->authority), lie->armors);
}

static const attack_t signature_attacks[] = {
    {"a valid order is accepted", "none", .begins = true},
    {"an order by a touched FIDO key is accepted", "none", .plan = signed_by_fido, .begins = true},
    {"sig_wrong_namespace", "namespace", .plan = in_grant},
    {"sig_approve_reused_as_order", "namespace", .lie = approval_as_order},
    {"sig_approve_reused_as_order: over the order itself", "namespace", .plan = in_approve},
    {"sig_author_counted_as_approval", "quorum", .plan = author_as_approver},
    {"sig_git_namespace_reused", "namespace", .plan = in_git},
    {"sig_reserved_nonempty", "signature", .plan = with_reserved},
    {"sig_version_2", "signature", .plan = of_version_2},
    {"sig_trailing_bytes_blob", "signature", .plan = with_blob_tail},
    {"sig_trailing_bytes_after_footer", "signature", .plan = with_tail},
    {"sig_crlf_armor", "signature", .plan = with_crlf},
    {"sig_hash_name_unknown", "signature", .plan = hashed_with_sha1},
    {"sig_ed25519_short_63", "signature", .plan = of_63_bytes},
    {"sig_S_plus_L_malleable", "signature", .plan = plus_order},
    {"sig_small_order_key", "key", .plan = of_small_order},
    {"sig_rsa_and_ecdsa_refused: RSA in an armor", "key", .plan = with_rsa},
    {"sig_rsa_and_ecdsa_refused: ECDSA in an armor", "key", .plan = with_ecdsa},
    {"sig_cert_key_refused: in an armor", "key", .plan = with_certificate},
    {"fido_no_touch_flag", "touch", .plan = untouched},
    {"fido_no_pin_for_destructive", "pin", .plan = destructive_without_pin},
    {"fido_wrong_application", "key", .plan = other_application},
    {"sig_two_keys_one_person_counts_once", "quorum", .plan = approved_by_two_keys},
    {"sig_by_nobody", "quorum", .plan = signed_by_nobody},
    {"sig_by_stranger", "key", .plan = signed_by_stranger},
    {"sig_by_reviewer", "role", .plan = signed_by_reviewer},
    {"sig_by_the_broker_itself", "key", .lie = own_key},
    {"a valid order is still accepted", "none", .begins = true},
};

#endif
