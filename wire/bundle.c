/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/bundle.h"

manifest_t *
bundle_manifest(const release_t *release, slice_t bytes, fault_t *fault)
{
    hash_t hash = hash_of(bytes);
    if (release_check_file(release, "manifest", bytes, fault))
        return NULL;
    if (!hash_equal(&hash, &release->manifest)) {
        fault_set(fault, FAULT_HASH, "the manifest is not the one that was approved");
        return NULL;
    }
    CLEANUP(manifest_destroy) manifest_t *manifest = manifest_decode(bytes, fault);
    if (!manifest) {
        fault_wrap(fault, "manifest of '%s'", release->playbook);
        return NULL;
    }
    if (strcmp(manifest->playbook, release->playbook) != 0) {
        fault_set(fault, FAULT_HASH, "the manifest is of playbook '%s', the release of '%s'",
                  manifest->playbook, release->playbook);
        return NULL;
    }
    if (manifest->highest != release->highest) {
        fault_set(fault, FAULT_CLASS, "the manifest of '%s' is class %s, its release says %s",
                  release->playbook, class_word(manifest->highest), class_word(release->highest));
        return NULL;
    }
    return MOVE(manifest);
}

int
bundle_check_files(const release_t *release, const value_t *files, fault_t *fault)
{
    size_t count = files && value_kind(files) == VALUE_MAP ? value_count(files) : 0;
    if (count != release->file_count)
        return fault_set(fault, FAULT_HASH, "release '%s' %llu comes with %zu files, not %zu",
                         release->playbook, (unsigned long long)release->sequence, count,
                         release->file_count);
    for (size_t i = 0; i < release->file_count; i++) {
        const char *path = release->files[i].path;
        const value_t *file = value_get(files, path);
        if (!file)
            return fault_set(fault, FAULT_HASH, "file '%s' of release '%s' is missing", path,
                             release->playbook);
        if (release_check_file(release, path, value_slice(file), fault))
            return -1;
    }
    return 0;
}

manifest_t *
bundle_check(const release_t *release, const value_t *files, fault_t *fault)
{
    if (bundle_check_files(release, files, fault))
        return NULL;
    return bundle_manifest(release, value_slice(value_get(files, "manifest")), fault);
}
