/* SPDX-License-Identifier: Apache-2.0 */
/* What witnesses said, on the front of a file: what is cut off is body, empty line, cosignatures
 * and proof, one behind the other, and the proof is written again as it was. */
#include <assert.h>

#include "wire/testimony.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    testimony_t read;
    fault_t fault = {0};
    slice_t rest = slice_of(data, size);
    CLEANUP(bytes_destroy) bytes_t *proof = bytes_new();
    int cut = testimony_cut(&read, &rest, &fault);
    if (cut != 1) {
        assert(rest.size == size && (cut == 0 || fault.code == FAULT_FORMAT));
        return 0;
    }
    assert(read.body.data == data && data[read.body.size] == '\n');
    assert(read.lines.data == data + read.body.size + 1);
    for (size_t i = 0; i < read.proof.count; i++) {
        char text[HASH_TEXT];
        bytes_addf(proof, "consistent %s\n", hash_write(&read.proof.path[i], text));
    }
    const uint8_t *behind = read.lines.data + read.lines.size;
    assert(behind + proof->size == rest.data && rest.data + rest.size == data + size);
    assert(!proof->size || !memcmp(behind, proof->data, proof->size));
    return 0;
}
