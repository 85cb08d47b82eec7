/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/dossier.h"

#include <limits.h>
#include <stdio.h>

#include "common/document.h"
#include "common/file.h"
#include "common/text.h"
#include "keys/folder.h"

static const char armor_begin[] = "-----BEGIN SSH SIGNATURE-----\n";
static const char document_front[] = "tocsin-";

static bool
starts_with(slice_t text, const char *front)
{
    size_t size = strlen(front);
    return text.size >= size && !memcmp(text.data, front, size);
}

/* ---- from a folder ------------------------------------------------------------------------ */

/* 1 added, 0 there is none, -1 with a fault. */
static int
add_file(void *context, const char *folder, const char *name, fault_t *fault)
{
    bytes_t *out = context;
    fault_t why = {0};
    char path[PATH_MAX];
    CLEANUP(bytes_destroy) bytes_t *document = NULL;
    CLEANUP(bytes_destroy) bytes_t *armors = NULL;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    if (signed_load(path, &document, &armors, &why)) {
        if (!document && why.code == FAULT_NOT_FOUND)
            return 0;
        *fault = why;
        return -1;
    }
    bytes_add_slice(out, bytes_slice(document));
    bytes_add_slice(out, bytes_slice(armors));
    if (out->size > DOSSIER_BYTES_MAX)
        return fault_set(fault, FAULT_LIMIT, "the documents of '%.100s' are over %zu MiB", folder,
                         DOSSIER_BYTES_MAX >> 20);
    return 1;
}

int
dossier_read(const char *folder, const char *region, bytes_t *out, fault_t *fault)
{
    char name[TEXT_NAME_MAX + 32];
    const char *const fronts[] = {region ? NULL : "fleet.", NULL};
    if (folder_walk(folder, fronts, add_file, out, fault))
        return -1;
    snprintf(name, sizeof name, "fleet.%s", region ? region : "");
    return region && add_file(out, folder, name, fault) < 0 ? -1 : 0;
}

/* ---- as text ------------------------------------------------------------------------------ */

int
dossier_next(slice_t *rest, slice_t *document, slice_t *armors, fault_t *fault)
{
    signature_t signature;
    slice_t left;
    if (!starts_with(*rest, document_front))
        return 0;
    if (!document_split(*rest, document, &left))
        return fault_set(fault, FAULT_FORMAT, "a document among the site's has no end");
    *armors = left;
    while (starts_with(left, armor_begin))
        if (signature_next(&signature, &left, fault) != 1)
            return -1;
    armors->size -= left.size;
    *rest = left;
    return 1;
}

int
dossier_verify(slice_t text, trust_t *trust, fault_t *fault)
{
    slice_t document, armors;
    int more;
    while ((more = dossier_next(&text, &document, &armors, fault)) == 1)
        if (trust_restore(trust, document, armors, fault))
            return -1;
    if (more)
        return -1;
    return text.size ? fault_set(fault, FAULT_FORMAT, "what is no document follows the site's") : 0;
}

int
dossier_keep(slice_t text, const char *folder, fault_t *fault)
{
    slice_t document, armors;
    int more;
    if (folder_make(folder, 0755, fault))
        return -1;
    while ((more = dossier_next(&text, &document, &armors, fault)) == 1) {
        char name[TRUST_NAME_MAX], path[PATH_MAX], signatures[PATH_MAX + 8];
        if (trust_name(document, name, fault))
            return -1;
        snprintf(path, sizeof path, "%s/%s", folder, name);
        snprintf(signatures, sizeof signatures, "%s.sigs", path);
        if (file_write(signatures, armors, 0644, fault) || file_write(path, document, 0644, fault))
            return -1;
    }
    return more;
}
