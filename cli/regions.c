/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/regions.h"

#include <stdio.h>

static void
add_region(regions_t *self, const token_t *name, bool step, size_t from, size_t to)
{
    if (self->count == REGIONS_MAX)
        return;
    region_t *region = &self->at[self->count++];
    *region = (region_t){.step = step, .from = from, .to = to, .line = name->line};
    snprintf(region->name, sizeof region->name, "%.*s", (int)name->text.size,
             (const char *)name->text.data);
}

/* step "NAME" { ... }, with brackets around the name or not; how far it goes, or i. */
static size_t
find_step(regions_t *self, const tokens_t *tokens, size_t i)
{
    size_t name = i + 1 + tokens_mark(tokens, i + 1, '(');
    size_t open = name + 1 + tokens_mark(tokens, name + 1, ')');
    if (!tokens_word(tokens, i, "step") || !tokens_mark(tokens, open, '{') ||
        tokens->at[name].kind != TOKEN_STRING)
        return i;
    size_t to = tokens_behind_bracket(tokens, open);
    add_region(self, &tokens->at[name], true, open, to);
    return to;
}

/* "function NAME" or "NAME = function"; how far it goes, or i. */
static size_t
find_helper(regions_t *self, const tokens_t *tokens, size_t i)
{
    if (!tokens_word(tokens, i, "function"))
        return i;
    size_t name = i + 1 < tokens->count && tokens->at[i + 1].kind == TOKEN_WORD ? i + 1 : i - 2;
    bool named = name == i + 1 || (i >= 2 && tokens_mark(tokens, i - 1, '='));
    size_t to = tokens_behind_block(tokens, i + 1);
    if (named && tokens->at[name].kind == TOKEN_WORD)
        add_region(self, &tokens->at[name], false, i + 1, to);
    return to;
}

void
regions_find(regions_t *self, const tokens_t *tokens)
{
    self->count = 0;
    for (size_t i = 0; i < tokens->count;) {
        size_t to = find_step(self, tokens, i);
        to = to == i ? find_helper(self, tokens, i) : to;
        i = to == i ? i + 1 : to;
    }
}

const region_t *
regions_step(const regions_t *self, const char *step)
{
    for (size_t i = 0; i < self->count; i++)
        if (self->at[i].step && !strcmp(self->at[i].name, step))
            return &self->at[i];
    return NULL;
}

void
regions_reach(const regions_t *self, const tokens_t *tokens, size_t step,
              bool reached[static REGIONS_MAX])
{
    memset(reached, 0, REGIONS_MAX * sizeof *reached);
    reached[step] = true;
    for (bool more = true; more;) {
        more = false;
        for (size_t from = 0; from < self->count; from++)
            for (size_t to = 0; reached[from] && to < self->count; to++)
                for (size_t i = self->at[from].from;
                     !self->at[to].step && !reached[to] && i < self->at[from].to; i++)
                    if (tokens_word(tokens, i, self->at[to].name) && tokens_alone(tokens, i))
                        more = reached[to] = true;
    }
}
