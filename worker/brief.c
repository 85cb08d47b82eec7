/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/brief.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "wire/bundle.h"
#include "wire/sealed.h"

static void
script_clear(script_t *self)
{
    manifest_destroy(&self->manifest);
    bytes_destroy(&self->text);
    bytes_destroy(&self->document);
    bytes_destroy(&self->armors);
}

void
brief_clear(brief_t *self)
{
    for (size_t i = 0; i < self->script_count; i++)
        script_clear(&self->scripts[i]);
    for (size_t i = 0; i < self->scene_count; i++)
        value_destroy(&self->scenes[i].inputs);
    free(self->scenes);
    value_destroy(&self->all);
    warrant_destroy(&self->warrant);
    sealkey_forget(&self->key);
    *self = (brief_t){0};
}

bool
path_join(char out[static STEP_PATH_MAX], const char *front, const char *name)
{
    int size = snprintf(out, STEP_PATH_MAX, "%s%s%s", front, *front ? "/" : "", name);
    return size < STEP_PATH_MAX && path_depth(out) <= STEP_DEPTH_MAX;
}

size_t
path_depth(const char *path)
{
    size_t depth = *path != '\0';
    for (const char *at = path; *at; at++)
        depth += *at == '/';
    return depth;
}

int
brief_add(brief_t *self, const release_t *release, const kept_release_t *kept, fault_t *fault)
{
    fault_t why = {0};
    CLEANUP(value_destroy) value_t *files = value_decode(bytes_slice(kept->files), &why);
    if (!files) /* whatever it is, it is not what has the release's hashes */
        return fault_set(fault, FAULT_HASH, "files of the release: %s", why.text);
    manifest_t *manifest = bundle_check(release, files, fault);
    if (!manifest)
        return -1;
    assert(self->script_count < ORDER_RELEASES_MAX);
    script_t *script = &self->scripts[self->script_count++];
    bool own = script == &self->scripts[0];
    *script = (script_t){
        .hash = hash_of(bytes_slice(kept->document)),
        .highest = release->highest,
        .manifest = manifest,
        .text = bytes_copy(value_slice(value_get(files, "playbook.lua"))),
        .document = own ? NULL : bytes_copy(bytes_slice(kept->document)),
        .armors = own ? NULL : bytes_copy(bytes_slice(kept->armors)),
    };
    return 0;
}

/* ---- scenes ------------------------------------------------------------------------------ */

static size_t
find_script(const brief_t *self, const char *playbook)
{
    for (size_t i = 0; i < self->script_count; i++)
        if (!strcmp(self->scripts[i].manifest->playbook, playbook))
            return i;
    return SIZE_MAX;
}

/* Whether the scene, or one that led to it, plays this script. */
static bool
plays_already(const brief_t *self, size_t scene, size_t script)
{
    while (scene && self->scenes[scene].script != script)
        scene = self->scenes[scene].caller;
    return self->scenes[scene].script == script;
}

static scene_t *
add_scene(brief_t *self, size_t caller, size_t script)
{
    self->scenes = memory_resize(self->scenes, self->scene_count + 1, sizeof *self->scenes);
    scene_t *scene = &self->scenes[self->scene_count++];
    *scene = (scene_t){.script = script, .caller = caller};
    return scene;
}

static int
check_call(const brief_t *self, size_t caller, const manifest_step_t *step, size_t script,
           fault_t *fault)
{
    const char *name = self->scripts[self->scenes[caller].script].manifest->playbook;
    if (script == SIZE_MAX)
        return fault_set(fault, FAULT_NOT_FOUND,
                         "step '%s' of '%s' calls '%s', whose release the order does not list",
                         step->name, name, step->callee);
    if (plays_already(self, caller, script))
        return fault_set(fault, FAULT_LIMIT, "step '%s' of '%s' calls '%s', which led to it",
                         step->name, name, step->callee);
    if (self->scene_count == BRIEF_SCENES_MAX)
        return fault_set(fault, FAULT_LIMIT, "its steps call over %d playbooks",
                         BRIEF_SCENES_MAX - 1);
    if (path_depth(self->scenes[caller].path) + 2 > STEP_DEPTH_MAX)
        return fault_set(fault, FAULT_LIMIT, "step '%s' of '%s' calls deeper than %d playbooks",
                         step->name, name, STEP_DEPTH_MAX);
    return manifest_check_called(self->scripts[script].manifest, fault);
}

static int
add_callee(brief_t *self, size_t caller, const manifest_step_t *step, fault_t *fault)
{
    size_t script = find_script(self, step->callee);
    if (check_call(self, caller, step, script, fault))
        return -1;
    CLEANUP(memory_free)
    input_text_t *texts = memory_new(ORDER_INPUTS_MAX, sizeof *texts);
    const manifest_t *manifest = self->scripts[self->scenes[caller].script].manifest;
    size_t count = manifest_given(manifest, step, self->scenes[caller].inputs, texts);
    scene_t *scene = add_scene(self, caller, script);
    if (!path_join(scene->path, self->scenes[caller].path, step->name))
        assert(!"a path of names that are short enough fits");
    scene->inputs = manifest_inputs(self->scripts[script].manifest, texts, count, fault);
    return scene->inputs ? 0 : fault_wrap(fault, "step '%s'", scene->path);
}

int
brief_plan(brief_t *self, fault_t *fault)
{
    assert(self->warrant && self->script_count && !self->scene_count);
    const order_t *order = self->warrant->order;
    if (order && manifest_check_order(self->scripts[0].manifest, order, fault))
        return -1;
    self->once_here = manifest_once_is_here(self->warrant);
    scene_t *own = add_scene(self, 0, 0);
    own->inputs = manifest_inputs_of(self->scripts[0].manifest, self->warrant, fault);
    if (!own->inputs)
        return -1;
    for (size_t at = 0; !self->warrant->grant && at < self->scene_count; at++) {
        const manifest_t *manifest = self->scripts[self->scenes[at].script].manifest;
        for (size_t i = 0; i < manifest->step_count; i++)
            if (manifest->steps[i].kind == STEP_CALL &&
                add_callee(self, at, &manifest->steps[i], fault))
                return -1;
    }
    return 0;
}

static int
open_secrets(brief_t *self, fault_t *fault)
{
    const order_t *order = self->warrant->order;
    char text[ORDER_SECRET_MAX + 1];
    for (size_t i = 0; i < order->secret_count; i++) {
        if (sealed_secret(order, &order->secrets[i], &self->key, text, fault))
            return -1;
        value_set_text(self->scenes[0].inputs, order->secrets[i].name, text);
    }
    return 0;
}

int
brief_open(brief_t *self, const char *worker, const curvepair_t *pair, fault_t *fault)
{
    const order_t *order = self->warrant->order;
    fault_t why = {0};
    assert(self->scene_count);
    if (!order || !order->seal_count)
        return 0;
    if (!pair)
        return fault_set(fault, FAULT_INPUT,
                         "the order is sealed, and this worker has no sealing key: enrol it anew");
    self->sealed = true;
    if (!sealed_key(order, worker, pair, &self->key, &why) && !open_secrets(self, &why))
        return 0;
    return fault_set(fault, FAULT_INPUT, "%s", why.text);
}

const sealkey_t *
brief_key(const brief_t *self)
{
    return self->sealed ? &self->key : NULL;
}

const scene_t *
brief_scene(const brief_t *self, const char *path)
{
    for (size_t i = 0; i < self->scene_count; i++)
        if (!strcmp(self->scenes[i].path, path))
            return &self->scenes[i];
    return NULL;
}
