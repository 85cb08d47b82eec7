/* SPDX-License-Identifier: Apache-2.0 */
/* graph - a playbook's steps as a picture: what needs what, which kind each is and what class of op
 * it may ask for. Needs are lines, what stands for a failure a dashed one. */
#ifndef TOCSIN_GRAPH_H
#define TOCSIN_GRAPH_H

#include "wire/manifest.h"

/* For Graphviz; appends. */
void graph_dot(const manifest_t *manifest, bytes_t *out);

/* A picture by itself, in layers from top to bottom, without scripts, fonts or links; appends. */
void graph_svg(const manifest_t *manifest, bytes_t *out);

#endif
