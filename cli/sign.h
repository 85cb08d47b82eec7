/* SPDX-License-Identifier: Apache-2.0 */
/* sign - a person's signature, through ssh-keygen -Y sign or the agent behind it. The private key
 * is never read here. */
#ifndef TOCSIN_SIGN_H
#define TOCSIN_SIGN_H

#include "cli/command.h"
#include "keys/trust.h"

/* Runs `ssh-keygen -Y sign -n NAMESPACE -f options->key` over the document through files in
 * memory, decodes what it made and checks it; appends the armor. The signer's key into *key (may be
 * NULL). FAULT_USAGE where no key is named, FAULT_KEY with ssh-keygen's own words. */
int sign_document(const options_t *options, purpose_t purpose, slice_t document, bytes_t *armor,
                  pubkey_t *key, fault_t *fault) MUST_CHECK;

#define SIGN_NAMES_MAX 512

/* "chi, dung": who of people signed for this purpose, as the armors say, each once; who ordered is
 * no cosigner. Nothing is verified. */
const char *sign_names(const trust_t *trust, slice_t armors, purpose_t purpose,
                       char out[static SIGN_NAMES_MAX]);

/* Whether a key is named and there, before anything long is shown. FAULT_USAGE, FAULT_KEY. */
int sign_check_key(const options_t *options, fault_t *fault) MUST_CHECK;

/* Asks on the terminal; true at once with options->no_input, false where there is no terminal. The
 * caller has shown the document as it is. */
bool sign_confirm(const options_t *options, const char *question);

#endif
