/* SPDX-License-Identifier: Apache-2.0 */
/* releases - attacks on what was approved. */
#ifndef TOCSIN_TESTS_RELEASES_H
#define TOCSIN_TESTS_RELEASES_H

#include "tests/attack/lie.h"

static void
one_approval(enemy_t *self, plan_t *plan)
{
    plan_fresh(self, plan);
    plan->approvers = "ana";
}

static void
approval_of_grant_kind(enemy_t *self, plan_t *plan)
{
    plan_fresh(self, plan);
    plan->how_approved.namespace = "grant@tocsin.v1";
}

static void
authors_unsigned(enemy_t *self, plan_t *plan)
{
    plan_fresh(self, plan);
    plan->authors = "";
}

static void
reviewer_is_author(enemy_t *self, plan_t *plan)
{
    plan_fresh(self, plan);
    text_copy(plan->release->authors[0], TEXT_NAME_MAX + 1, "giang");
    plan->authors = "giang";
    plan->approvers = "ana giang";
}

/* Of the same length, under the same name: git's SHA-1 of it is nothing that anybody looks at. */
static void
swap_file(enemy_t *self, lie_t *lie)
{
    (void)self;
    CLEANUP(bytes_destroy)
    bytes_t *file = bytes_copy(value_slice(value_get(lie->files, "playbook.lua")));
    char *at = strstr((char *)file->data, "ctx.inputs.path");
    memcpy(at, "'/etc/passwd' .", 15);
    value_set(lie->files, "playbook.lua", value_bytes(bytes_slice(file)));
}

static void
truncate_file(enemy_t *self, lie_t *lie)
{
    (void)self;
    slice_t file = value_slice(value_get(lie->files, "playbook.lua"));
    value_set(lie->files, "playbook.lua", value_bytes(slice_of(file.data, file.size - 1)));
}

static void
add_file(enemy_t *self, lie_t *lie)
{
    (void)self;
    value_set_text(lie->files, "extra.lua", "return 1\n");
}

static void
climb(enemy_t *self, plan_t *plan)
{
    plan_fresh(self, plan);
    value_set_text(plan->files, "../../../etc/cron.d/x", "* * * * * root id\n");
    plan_seal(plan);
}

static void
same_but_for_case(enemy_t *self, plan_t *plan)
{
    plan_fresh(self, plan);
    value_set_text(plan->files, "README.md", "a\n");
    value_set_text(plan->files, "readme.md", "b\n");
    plan_seal(plan);
}

static void
said_to_observe(enemy_t *self, plan_t *plan)
{
    plan_fresh(self, plan);
    plan->release->highest = CLASS_OBSERVE;
}

static void
edit_manifest(plan_t *plan, const char *from, const char *to)
{
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    CLEANUP(bytes_destroy)
    bytes_t *manifest = bytes_copy(value_slice(value_get(plan->files, "manifest")));
    const char *at = strstr(bytes_text(manifest), from);
    if (!at)
        forge_die("what an attack edits is not in the manifest");
    bytes_addf(text, "%.*s%s%s", (int)(at - bytes_text(manifest)), bytes_text(manifest), to,
               at + strlen(from));
    value_set(plan->files, "manifest", value_bytes(bytes_slice(text)));
    plan_seal(plan);
}

static void
manifest_underdeclares(enemy_t *self, plan_t *plan)
{
    plan_fresh(self, plan);
    edit_manifest(plan, "class change", "class observe");
    plan->release->highest = CLASS_OBSERVE;
}

static void
op_underdeclared(enemy_t *self, plan_t *plan)
{
    plan_fresh(self, plan);
    edit_manifest(plan, "class change", "class observe");
    edit_manifest(plan, "file.remove change", "file.remove observe");
    plan->release->highest = CLASS_OBSERVE;
}

static void
mix_and_match(enemy_t *self, plan_t *plan)
{
    plan_fresh(self, plan);
    hash_t approved = plan->release->manifest;
    edit_manifest(plan, "equals inputs.path", "under /");
    plan->release->manifest = approved;
}

/* The wide manifest of one release beside the signatures of another. */
static void
mix_files(enemy_t *self, lie_t *lie)
{
    (void)self;
    CLEANUP(bytes_destroy)
    bytes_t *manifest = bytes_copy(value_slice(value_get(lie->files, "manifest")));
    char *bound = strstr((char *)manifest->data, "\nbound ");
    char *end = strchr(bound + 1, '\n');
    memmove(bound, end, strlen(end) + 1);
    value_set(lie->files, "manifest", value_text((char *)manifest->data));
}

static void
other_playbooks_manifest(enemy_t *self, plan_t *plan)
{
    plan_fresh(self, plan);
    edit_manifest(plan, "playbook wipe", "playbook wide");
}

static const attack_t release_attacks[] = {
    {"rel_below_quorum", "quorum", .plan = one_approval},
    {"rel_below_quorum: approvals made for grants", "namespace", .plan = approval_of_grant_kind},
    {"rel_reviewer_is_author", "quorum", .plan = reviewer_is_author},
    {"rel_author_did_not_sign", "signature", .plan = authors_unsigned},
    {"rel_file_swapped_same_sha1", "hash", .plan = plan_fresh, .lie = swap_file},
    {"rel_file_truncated", "hash", .plan = plan_fresh, .lie = truncate_file},
    {"rel_extra_file", "hash", .plan = plan_fresh, .lie = add_file},
    {"rel_path_traversal", "format", .plan = climb},
    {"rel_path_case_collision", "format", .plan = same_but_for_case},
    {"rel_class_underdeclared: by the release", "class", .plan = said_to_observe},
    {"rel_class_underdeclared: by its manifest", "class", .plan = manifest_underdeclares},
    {"rel_class_underdeclared: by the manifest's op", "class", .plan = op_underdeclared},
    {"rel_undeclared_op", "op", .script = "return file.truncate { path = ctx.inputs.path }"},
    {"rel_argument_outside_its_bound", "argument",
     .script = "return file.remove { path = ctx.inputs.path .. '.gz' }"},
    {"rel_mix_and_match_manifest: of two releases", "hash", .plan = mix_and_match},
    {"rel_mix_and_match_manifest: another's file", "hash", .plan = plan_fresh, .lie = mix_files},
    {"rel_mix_and_match_manifest: another playbook's", "hash", .plan = other_playbooks_manifest},
    {"a valid order is still accepted", "none", .begins = true},
};

#endif
