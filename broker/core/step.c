/* SPDX-License-Identifier: Apache-2.0 */
/* The step of a run that a path names, be it in a playbook that the run calls. */
#include "broker/core/state.h"

manifest_t *
core_manifest(const core_t *self, const hash_t *release)
{
    const shelved_t *shelved = shelf_release(self->shelf, release);
    return shelved ? manifest_decode(value_slice(value_get(shelved->files, "manifest")), NULL)
                   : NULL;
}

static manifest_t *
manifest_called(const core_t *self, const order_t *order, const char *playbook)
{
    for (size_t i = 0; order && i < order->release_count; i++)
        if (!strcmp(order->releases[i].playbook, playbook))
            return core_manifest(self, &order->releases[i].hash);
    return NULL;
}

const manifest_step_t *
run_step(const core_t *self, const run_t *run, const char *path, manifest_t **manifest)
{
    CLEANUP(manifest_destroy) manifest_t *here = core_manifest(self, &run->row.release);
    CLEANUP(order_destroy)
    order_t *order = strchr(path, '/') ? order_decode(bytes_slice(run->authority), NULL) : NULL;
    for (const char *rest = path; here;) {
        char name[TEXT_NAME_MAX + 1];
        size_t size = strcspn(rest, "/");
        snprintf(name, sizeof name, "%.*s", (int)size, rest);
        const manifest_step_t *step = manifest_step(here, name);
        if (!step)
            return NULL;
        if (!rest[size]) {
            *manifest = MOVE(here);
            return step;
        }
        manifest_t *callee = manifest_called(self, order, step->callee);
        manifest_destroy(&here);
        here = callee;
        rest += size + 1;
    }
    return NULL;
}

const manifest_step_t *
core_step_of(core_t *self, const hash_t *run, const char *path, manifest_t **manifest)
{
    fault_t ignored = {0};
    const run_t *found = run_find(self, run, &ignored);
    return found ? run_step(self, found, path, manifest) : NULL;
}
