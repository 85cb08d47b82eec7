/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/graph.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#define NODE_HEIGHT 46
#define ROW_GAP     54
#define NODE_GAP    24
#define BEND_WIDTH  12 /* of a place where a long line passes a row */
#define MARGIN      20
#define LETTER      7 /* pixels, about, of 12 pixel sans-serif */
#define SWEEPS      8

/* Light on a stroke of the same hue; observe, change, destructive, and steps without ops. */
static const struct {
    const char *fill, *stroke;
} paints[] = {
    {"#e3f2fd", "#1565c0"}, {"#fff3e0", "#b45309"}, {"#ffebee", "#b71c1c"}, {"#f5f5f5", "#555555"}};

static bool
uses_any(const manifest_t *manifest, const char *step, class_t *worst)
{
    bool any = false;
    *worst = CLASS_OBSERVE;
    for (size_t i = 0; i < manifest->use_count; i++) {
        if (strcmp(manifest->uses[i].step, step) != 0)
            continue;
        any = true;
        *worst = manifest->uses[i].class_ > *worst ? manifest->uses[i].class_ : *worst;
    }
    return any;
}

static size_t
paint_of(const manifest_t *manifest, const manifest_step_t *step)
{
    class_t worst;
    return uses_any(manifest, step->name, &worst) ? worst : ARRAY_SIZE(paints) - 1;
}

/* The line below a step's name: "change; verify, undo". */
static void
add_marks(const manifest_t *manifest, const manifest_step_t *step, bytes_t *out)
{
    char role[64];
    class_t worst;
    roles_write(step->role, role, sizeof role);
    if (step->kind == STEP_APPROVE || step->kind == STEP_ASK)
        bytes_addf(out, "%s: %s", step_kind_word(step->kind), role);
    else if (step->kind != STEP_RUN)
        bytes_addf(out, "%s: %s", step_kind_word(step->kind),
                   step->kind == STEP_CALL ? step->callee : step->sink);
    if (uses_any(manifest, step->name, &worst))
        bytes_addf(out, "%s%s", out->size ? ", " : "", class_word(worst));
    const char *const flags[] = {step->has_when ? "when" : NULL, step->has_verify ? "verify" : NULL,
                                 step->has_undo ? "undo" : NULL, step->always ? "always" : NULL,
                                 step->once ? "once" : NULL};
    for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
        if (flags[i])
            bytes_addf(out, "%s%s", out->size ? ", " : "", flags[i]);
    if (step->retries)
        bytes_addf(out, "%sretry %u", out->size ? ", " : "", step->retries);
    if (step->each_max)
        bytes_addf(out, "%seach of %u", out->size ? ", " : "", step->each_max);
}

/* ---- DOT --------------------------------------------------------------------------------- */

static void
add_quoted(bytes_t *out, const char *text)
{
    bytes_add_text(out, "\"");
    for (; *text; text++)
        bytes_addf(out, "%s%c", *text == '"' || *text == '\\' ? "\\" : "", *text);
    bytes_add_text(out, "\"");
}

static void
add_dot_step(const manifest_t *manifest, const manifest_step_t *step, bytes_t *out)
{
    CLEANUP(bytes_destroy) bytes_t *marks = bytes_new();
    size_t paint = paint_of(manifest, step);
    add_marks(manifest, step, marks);
    bytes_add_text(out, "  ");
    add_quoted(out, step->name);
    bytes_addf(out, " [label=\"%s\\n%s\" fillcolor=\"%s\" color=\"%s\"%s];\n", step->name,
               bytes_text(marks), paints[paint].fill, paints[paint].stroke,
               step->has_undo ? " peripheries=2" : "");
}

static void
add_dot_lines(const manifest_need_t *pairs, size_t count, const char *more, bytes_t *out)
{
    for (size_t i = 0; i < count; i++) {
        bytes_add_text(out, "  ");
        add_quoted(out, pairs[i].need);
        bytes_add_text(out, " -> ");
        add_quoted(out, pairs[i].step);
        bytes_addf(out, "%s;\n", more);
    }
}

void
graph_dot(const manifest_t *manifest, bytes_t *out)
{
    bytes_add_text(out, "digraph ");
    add_quoted(out, manifest->playbook);
    bytes_add_text(out, " {\n  tooltip=");
    add_quoted(out, manifest->summary);
    bytes_add_text(out,
                   ";\n  node [shape=box style=\"rounded,filled\" fontname=\"sans-serif\"];\n");
    for (size_t i = 0; i < manifest->step_count; i++)
        add_dot_step(manifest, &manifest->steps[i], out);
    add_dot_lines(manifest->needs, manifest->need_count, "", out);
    add_dot_lines(manifest->failures, manifest->failure_count, " [style=dashed label=\"failed\"]",
                  out);
    bytes_add_text(out, "}\n");
}

/* ---- the layers -------------------------------------------------------------------------- */

/* A step, or a bend: a place where a line that is longer than one row passes a row. */
typedef struct {
    const manifest_step_t *step; /* NULL of a bend */
    int row, place;              /* from the top, from the left */
    int x, width;                /* x: of its middle */
    int pull;                    /* where its neighbours would have it */
} node_t;

/* From one row to the next. */
typedef struct {
    size_t from, to; /* nodes */
    bool failure;
} link_t;

typedef struct {
    const manifest_t *manifest;
    size_t node_count, node_capacity, link_count, link_capacity;
    node_t *nodes; /* the steps first, in the manifest's order */
    link_t *links;
    int rows, width;
} picture_t;

static void
picture_clear(picture_t *self)
{
    free(self->nodes);
    free(self->links);
}

static size_t
add_node(picture_t *self, const manifest_step_t *step, int row)
{
    CLEANUP(bytes_destroy) bytes_t *marks = bytes_new();
    int width = BEND_WIDTH;
    if (step) {
        add_marks(self->manifest, step, marks);
        size_t letters = strlen(step->name) > marks->size ? strlen(step->name) : marks->size;
        width = (int)letters * LETTER + 2 * BEND_WIDTH;
    }
    self->nodes =
        memory_grow(self->nodes, self->node_count, &self->node_capacity, sizeof *self->nodes);
    self->nodes[self->node_count] = (node_t){.step = step, .row = row, .width = width};
    return self->node_count++;
}

static void
add_link(picture_t *self, size_t from, size_t to, bool failure)
{
    self->links =
        memory_grow(self->links, self->link_count, &self->link_capacity, sizeof *self->links);
    self->links[self->link_count++] = (link_t){from, to, failure};
}

static int
row_below(const picture_t *self, const manifest_need_t *pairs, size_t count, const char *step)
{
    int row = 0;
    for (size_t i = 0; i < count; i++) {
        const manifest_step_t *need = manifest_step(self->manifest, pairs[i].need);
        int its = self->nodes[need - self->manifest->steps].row;
        if (!strcmp(pairs[i].step, step) && its >= row)
            row = its + 1;
    }
    return row;
}

/* Each step below all that it waits for, and what runs last below the rest. */
static void
find_rows(picture_t *self)
{
    const manifest_t *manifest = self->manifest;
    size_t order[MANIFEST_STEPS_MAX];
    int below = 0;
    assert(self->nodes);
    manifest_sequence(manifest, order);
    for (int last = 0; last < 2; last++) {
        for (size_t i = 0; i < manifest->step_count; i++) {
            const manifest_step_t *step = &manifest->steps[order[i]];
            int needs = row_below(self, manifest->needs, manifest->need_count, step->name);
            int failures = row_below(self, manifest->failures, manifest->failure_count, step->name);
            int row = needs > failures ? needs : failures;
            if (step->always == last)
                self->nodes[order[i]].row = last && row < below ? below : row;
        }
        for (size_t i = 0; i < manifest->step_count; i++)
            if (self->nodes[i].row >= below)
                below = self->nodes[i].row + 1;
    }
    self->rows = below;
}

static void
add_lines(picture_t *self, const manifest_need_t *pairs, size_t count, bool failure)
{
    for (size_t i = 0; i < count; i++) {
        const manifest_step_t *steps = self->manifest->steps;
        size_t at = (size_t)(manifest_step(self->manifest, pairs[i].need) - steps);
        size_t to = (size_t)(manifest_step(self->manifest, pairs[i].step) - steps);
        for (int row = self->nodes[at].row + 1; row < self->nodes[to].row; row++) {
            size_t bend = add_node(self, NULL, row);
            add_link(self, at, bend, failure);
            at = bend;
        }
        add_link(self, at, to, failure);
    }
}

/* Where a node's neighbours in the row above (or below) stand, on average. */
static void
find_pulls(picture_t *self, bool above)
{
    for (size_t node = 0; node < self->node_count; node++) {
        int sum = 0, count = 0;
        for (size_t i = 0; i < self->link_count; i++) {
            const link_t *link = &self->links[i];
            if ((above ? link->to : link->from) != node)
                continue;
            sum += 1000 * self->nodes[above ? link->from : link->to].place;
            count++;
        }
        self->nodes[node].pull = count ? sum / count : 1000 * self->nodes[node].place;
    }
}

/* The nodes of a row from left to right, in out; how many. */
static size_t
row_of(const picture_t *self, int row, size_t *out, bool by_pull)
{
    size_t count = 0;
    for (size_t node = 0; node < self->node_count; node++) {
        if (self->nodes[node].row != row)
            continue;
        size_t at = count++;
        int key = by_pull ? self->nodes[node].pull : self->nodes[node].place;
        for (; at; at--) {
            const node_t *left = &self->nodes[out[at - 1]];
            if ((by_pull ? left->pull : left->place) <= key)
                break;
            out[at] = out[at - 1];
        }
        out[at] = node;
    }
    return count;
}

/* Each row in turn to where the one before pulls it: down, up, down again. */
static void
find_places(picture_t *self)
{
    CLEANUP(memory_free) size_t *nodes = memory_new(self->node_count, sizeof *nodes);
    for (int row = 0; row < self->rows; row++) {
        size_t count = row_of(self, row, nodes, true);
        for (size_t i = 0; i < count; i++)
            self->nodes[nodes[i]].place = (int)i;
    }
    for (int sweep = 0; sweep < SWEEPS * self->rows; sweep++) {
        bool down = sweep / self->rows % 2 == 0;
        int row = down ? sweep % self->rows : self->rows - 1 - sweep % self->rows;
        find_pulls(self, down);
        size_t count = row_of(self, row, nodes, true);
        for (size_t i = 0; i < count; i++)
            self->nodes[nodes[i]].place = (int)i;
    }
}

static void
find_widths(picture_t *self)
{
    CLEANUP(memory_free) size_t *nodes = memory_new(self->node_count, sizeof *nodes);
    for (int pass = 0; pass < 2; pass++)
        for (int row = 0; row < self->rows; row++) {
            size_t count = row_of(self, row, nodes, false);
            int width = 0;
            for (size_t i = 0; i < count; i++)
                width += self->nodes[nodes[i]].width + (i ? NODE_GAP : 0);
            self->width = width > self->width ? width : self->width;
            int x = MARGIN + (self->width - width) / 2;
            for (size_t i = 0; i < count; i++) {
                self->nodes[nodes[i]].x = x + self->nodes[nodes[i]].width / 2;
                x += self->nodes[nodes[i]].width + NODE_GAP;
            }
        }
}

/* ---- SVG --------------------------------------------------------------------------------- */

static void
add_xml(bytes_t *out, const char *text)
{
    for (; *text; text++) {
        if (strchr("<>&\"'", *text))
            bytes_addf(out, "&#%d;", *text);
        else
            bytes_add(out, text, 1);
    }
}

static int
top_of(const node_t *node)
{
    return MARGIN + node->row * (NODE_HEIGHT + ROW_GAP);
}

static void
add_svg_link(const picture_t *self, const link_t *link, bytes_t *out)
{
    const node_t *from = &self->nodes[link->from], *to = &self->nodes[link->to];
    int down = top_of(from) + NODE_HEIGHT, up = top_of(to), middle = (down + up) / 2;
    bytes_addf(out, "<path d=\"M%d %dC%d %d %d %d %d %d\"%s%s/>\n", from->x, down, from->x, middle,
               to->x, middle, to->x, up, link->failure ? " stroke-dasharray=\"5 4\"" : "",
               to->step ? " marker-end=\"url(#tip)\"" : "");
    if (!to->step)
        bytes_addf(out, "<path d=\"M%d %dV%d\"%s/>\n", to->x, up, up + NODE_HEIGHT,
                   link->failure ? " stroke-dasharray=\"5 4\"" : "");
}

static void
add_svg_step(const picture_t *self, const node_t *node, bytes_t *out)
{
    const manifest_step_t *step = node->step;
    size_t paint = paint_of(self->manifest, step);
    CLEANUP(bytes_destroy) bytes_t *marks = bytes_new();
    add_marks(self->manifest, step, marks);
    int left = node->x - node->width / 2, top = top_of(node);
    bytes_addf(out,
               "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"%d\" fill=\"%s\" "
               "stroke=\"%s\"/>\n",
               left, top, node->width, NODE_HEIGHT, step->kind == STEP_RUN ? 4 : NODE_HEIGHT / 2,
               paints[paint].fill, paints[paint].stroke);
    if (step->has_undo)
        bytes_addf(out,
                   "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"3\" fill=\"none\" "
                   "stroke=\"%s\"/>\n",
                   left + 3, top + 3, node->width - 6, NODE_HEIGHT - 6, paints[paint].stroke);
    bytes_addf(out, "<text x=\"%d\" y=\"%d\" font-weight=\"bold\">", node->x, top + 20);
    add_xml(out, step->name);
    bytes_addf(out, "</text>\n<text x=\"%d\" y=\"%d\">", node->x, top + 36);
    add_xml(out, bytes_text(marks));
    bytes_add_text(out, "</text>\n");
}

static void
add_svg(const picture_t *self, bytes_t *out)
{
    int width = self->width + 2 * MARGIN;
    int height = self->rows * (NODE_HEIGHT + ROW_GAP) - ROW_GAP + 2 * MARGIN;
    bytes_addf(out,
               "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
               "viewBox=\"0 0 %d %d\" role=\"img\">\n<title>",
               width, height, width, height);
    add_xml(out, self->manifest->playbook);
    bytes_add_text(out, ": ");
    add_xml(out, self->manifest->summary);
    bytes_add_text(out, "</title>\n"
                        "<defs><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" "
                        "markerWidth=\"8\" markerHeight=\"8\" orient=\"auto\">"
                        "<path d=\"M0 0L8 4L0 8z\" fill=\"#333333\"/></marker></defs>\n"
                        "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n"
                        "<g fill=\"none\" stroke=\"#333333\">\n");
    for (size_t i = 0; i < self->link_count; i++)
        add_svg_link(self, &self->links[i], out);
    bytes_add_text(out, "</g>\n<g font-family=\"sans-serif\" font-size=\"12\" "
                        "text-anchor=\"middle\" fill=\"#111111\">\n");
    for (size_t i = 0; i < self->node_count; i++)
        if (self->nodes[i].step)
            add_svg_step(self, &self->nodes[i], out);
    bytes_add_text(out, "</g>\n</svg>\n");
}

void
graph_svg(const manifest_t *manifest, bytes_t *out)
{
    CLEANUP(picture_clear) picture_t picture = {.manifest = manifest};
    for (size_t i = 0; i < manifest->step_count; i++)
        add_node(&picture, &manifest->steps[i], 0);
    find_rows(&picture);
    add_lines(&picture, manifest->needs, manifest->need_count, false);
    add_lines(&picture, manifest->failures, manifest->failure_count, true);
    find_places(&picture);
    find_widths(&picture);
    add_svg(&picture, out);
}
