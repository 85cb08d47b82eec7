/* SPDX-License-Identifier: Apache-2.0 */
/* What parts say of themselves as they go: kept as it joins on, up to a bound; what is missing is
 * asked for. */
#include <stdio.h>

#include "broker/core/state.h"
#include "wire/message.h"

void
output_ask(core_t *self, const run_t *run, const share_t *share)
{
    char id[HASH_TEXT], offset[24];
    frames_t *frames = message_new(MESSAGE_MORE);
    snprintf(offset, sizeof offset, "%llu", (unsigned long long)share->said);
    frames_add_text(frames, hash_write(&run->row.id, id));
    frames_add_text(frames, offset);
    core_send(self, share->peer->row.id, &frames);
}

int
output_recall(core_t *self, const run_t *run, share_t *share, fault_t *fault)
{
    CLEANUP(row_destroy) row_t *row = NULL;
    query_t query = {.what = FIND_SAID_LAST, .hash = run->row.id, .text = share->row.target};
    if (share->said_known)
        return 0;
    if (core_recall(self, &query, &row, fault))
        return -1;
    share->said = row ? row->said.start + row->said.bytes.size : 0;
    share->said_known = true;
    return 0;
}

static void
keep(core_t *self, const run_t *run, share_t *share, slice_t bytes, bool closed)
{
    row_t row = {.kind = ROW_SAID,
                 .said = {.run = run->row.id, .start = share->said, .closed = closed}};
    size_t room = CORE_OUTPUT_MAX - (size_t)share->said;
    row.said.bytes = slice_of(bytes.data, bytes.size < room ? bytes.size : room);
    text_copy(row.said.target, sizeof row.said.target, share->row.target);
    share->said += row.said.bytes.size;
    if (row.said.bytes.size || closed)
        actions_put(self->actions, &row);
}

int
on_output(core_t *self, event_t *event, fault_t *fault)
{
    char text[HASH_TEXT];
    size_t at = 0;
    fault_t why = {0};
    run_t *run = run_find(self, &event->hash, &why);
    share_t *share = run ? run_share(run, event->worker, NULL, &at) : NULL;
    if (!share)
        return fault_set(fault, why.code ? why.code : FAULT_NOT_FOUND,
                         "worker '%s' has no part in run %.12s%s%s", event->worker,
                         hash_write(&event->hash, text), why.code ? ": " : "", why.text);
    core_heard(self, event->worker);
    if (output_recall(self, run, share, fault))
        return -1;
    if (event->number > share->said) {
        output_ask(self, run, share);
        return 0;
    }
    size_t known = (size_t)(share->said - event->number);
    bool more = event->output.size > known;
    slice_t fresh =
        more ? slice_of(event->output.data + known, event->output.size - known) : slice_of(NULL, 0);
    bool closed = !strcmp(event->code, "closed");
    if (more || closed)
        keep(self, run, share, fresh, closed && event->output.size >= known);
    return 0;
}
