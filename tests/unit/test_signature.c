/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sodium.h>
#include <sys/stat.h>

#include "tests/unit/site_fixture.h"

#define MESSAGE "tocsin-order v1\nend\n"
#define FIDO    "sk-ssh-ed25519@openssh.com"

static char folder[] = "/tmp/tocsin-signature-XXXXXX";

/* A signature as anybody may craft it; what a test leaves out is as it should be. */
typedef struct {
    uint32_t version;      /* 0 is 1 */
    const char *namespace; /* order@tocsin.v1 */
    const char *reserved;
    const char *hash;        /* sha512 */
    const char *application; /* a FIDO key with this application */
    uint8_t flags;
    uint32_t counter;
    size_t size;           /* of the signature; 0 is 64 */
    bool plus_order;       /* S + L */
    const uint8_t *point;  /* another public key than the signer's */
    const char *left_over; /* behind the blob */
    size_t width;          /* of a line; 0 is 70 */
} craft_t;

static void
key_pair(uint8_t public[static 32], uint8_t secret[static 64])
{
    hash_t seed = hash_of(slice_text("crafted"));
    crypto_sign_seed_keypair(public, secret, seed.bytes);
}

static pubkey_t
crafted_key(const char *application)
{
    uint8_t secret[64];
    pubkey_t key = {.kind = application ? PUBKEY_SK_ED25519 : PUBKEY_ED25519};
    key_pair(key.key, secret);
    if (application)
        text_copy(key.application, sizeof key.application, application);
    return key;
}

static void
add_data(const craft_t *craft, slice_t message, bytes_t *data)
{
    uint8_t hash[64];
    bool sha256 = craft->hash && !strcmp(craft->hash, "sha256");
    if (sha256)
        crypto_hash_sha256(hash, message.data, message.size);
    else
        crypto_hash_sha512(hash, message.data, message.size);
    bytes_add_text(data, "SSHSIG");
    bytes_add_string(data, slice_text(craft->namespace ? craft->namespace : "order@tocsin.v1"));
    bytes_add_string(data, slice_text(craft->reserved ? craft->reserved : ""));
    bytes_add_string(data, slice_text(craft->hash ? craft->hash : "sha512"));
    bytes_add_string(data, slice_of(hash, sha256 ? 32 : 64));
    if (craft->application) {
        hash_t application = hash_of(slice_text(craft->application));
        hash_t whole = hash_of(bytes_slice(data));
        bytes_clear(data);
        bytes_add_slice(data, hash_slice(&application));
        bytes_add_u8(data, craft->flags);
        bytes_add_u32(data, craft->counter);
        bytes_add_slice(data, hash_slice(&whole));
    }
}

/* S + L, which equations hold for as well: RFC 8032 5.1.7 refuses it. */
static void
add_order(uint8_t scalar[static 32])
{
    static const uint8_t order[32] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58,       0xd6,
                                      0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, [31] = 0x10};
    unsigned carry = 0;
    for (int i = 0; i < 32; i++) {
        carry += (unsigned)scalar[i] + order[i];
        scalar[i] = (uint8_t)carry;
        carry >>= 8;
    }
}

static void
add_blob(const craft_t *craft, slice_t message, bytes_t *blob)
{
    uint8_t public[32], secret[64], signature[64];
    const char *type = craft->application ? FIDO : "ssh-ed25519";
    CLEANUP(bytes_destroy) bytes_t *data = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *key = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *inner = bytes_new();
    key_pair(public, secret);
    add_data(craft, message, data);
    crypto_sign_detached(signature, NULL, data->data, data->size, secret);
    if (craft->plus_order)
        add_order(signature + 32);
    bytes_add_string(key, slice_text(type));
    bytes_add_string(key, slice_of(craft->point ? craft->point : public, 32));
    if (craft->application)
        bytes_add_string(key, slice_text(craft->application));
    bytes_add_string(inner, slice_text(type));
    bytes_add_string(inner, slice_of(signature, craft->size ? craft->size : 64));
    if (craft->application) {
        bytes_add_u8(inner, craft->flags);
        bytes_add_u32(inner, craft->counter);
    }
    bytes_add_text(blob, "SSHSIG");
    bytes_add_u32(blob, craft->version ? craft->version : 1);
    bytes_add_string(blob, bytes_slice(key));
    bytes_add_string(blob, slice_text(craft->namespace ? craft->namespace : "order@tocsin.v1"));
    bytes_add_string(blob, slice_text(craft->reserved ? craft->reserved : ""));
    bytes_add_string(blob, slice_text(craft->hash ? craft->hash : "sha512"));
    bytes_add_string(blob, bytes_slice(inner));
    bytes_add_text(blob, craft->left_over ? craft->left_over : "");
}

static void
add_armor(const bytes_t *blob, size_t width, bytes_t *armor)
{
    char base64[2048];
    sodium_bin2base64(base64, sizeof base64, blob->data, blob->size,
                      sodium_base64_VARIANT_ORIGINAL);
    bytes_add_text(armor, "-----BEGIN SSH SIGNATURE-----\n");
    for (const char *at = base64; *at;) {
        size_t size = strnlen(at, width);
        bytes_addf(armor, "%.*s\n", (int)size, at);
        at += size;
    }
    bytes_add_text(armor, "-----END SSH SIGNATURE-----\n");
}

static void
add_crafted(const craft_t *craft, slice_t message, bytes_t *armor)
{
    CLEANUP(bytes_destroy) bytes_t *blob = bytes_new();
    add_blob(craft, message, blob);
    add_armor(blob, craft->width ? craft->width : 70, armor);
}

static int PRINTF(1, 2) run(const char *format, ...)
{
    char command[1024], whole[1200];
    va_list args;
    va_start(args, format);
    vsnprintf(command, sizeof command, format, args);
    va_end(args);
    snprintf(whole, sizeof whole, "cd %s && { %s; } >/dev/null 2>&1 </dev/null", folder, command);
    return system(whole);
}

static bytes_t *
read_back(const char *name)
{
    char path[160];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    bytes_t *bytes = file_read(path, 1 << 20, NULL);
    assert_non_null(bytes);
    return bytes;
}

static void
write_out(const char *name, slice_t bytes)
{
    char path[160];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_int_equal(file_write(path, bytes, 0600, NULL), 0);
}

/* Where we refuse what ssh-keygen -Y verify takes: the beginning of our sentence, and the rule that
 * wants it so. Any other difference, and any in the other direction, fails the test that meets it.
 */
static const struct {
    const char *sentence, *rule;
    bool malleable;
} stricter[] = {
    {"malformed signature: it is not one SSH signature's armor",
     "nothing stands before or behind an armor; LF only", false},
    {"malformed signature: its version is not 1", "the version is 1, not 0", false},
    {"malformed signature: its lines are not 70 or 76", "lines have one width", false},
    {"a FIDO key signed that nobody touched", "a FIDO key was touched", false},
    {"the signature by key", "S < L", true},
};

static size_t differences[ARRAY_SIZE(stricter)];
static bool malleable; /* what is judged now is a signature that holds but for S */

/* Whoever makes a crafted signature is allowed, with these applications too. */
static void
allow_crafted(void)
{
    static const char *const applications[] = {NULL, "ssh:", "ssh:tocsin"};
    CLEANUP(bytes_destroy) bytes_t *allowed = bytes_new();
    for (size_t i = 0; i < ARRAY_SIZE(applications); i++) {
        pubkey_t key = crafted_key(applications[i]);
        bytes_add_text(allowed, "x ");
        pubkey_write(&key, allowed);
        bytes_add_text(allowed, "\n");
    }
    write_out("judged.allowed", bytes_slice(allowed));
    write_out("judged", slice_text(MESSAGE));
}

static bool
keygen_takes(const bytes_t *armor)
{
    char path[160];
    snprintf(path, sizeof path, "%s/judged.sig", folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fwrite(armor->data, 1, armor->size, file);
    assert_int_equal(fclose(file), 0);
    return !run("ssh-keygen -Y verify -f judged.allowed -I x -n order@tocsin.v1 -s judged.sig "
                "<judged >judged.said 2>&1");
}

static void
compare_with_keygen(const bytes_t *armor, const fault_t *fault)
{
    size_t known = 0;
    bool theirs = keygen_takes(armor);
    if (theirs == (fault->code == FAULT_NONE))
        return;
    while (known < ARRAY_SIZE(stricter) &&
           strncmp(fault->text, stricter[known].sentence, strlen(stricter[known].sentence)) != 0)
        known++;
    bool meant = known < ARRAY_SIZE(stricter) && stricter[known].malleable == malleable;
    if (!theirs || !meant)
        fail_msg("ssh-keygen %s it, and we say '%s'", theirs ? "takes" : "refuses", fault->text);
    differences[known]++;
}

/* The fault of reading and checking the armor in order@; FAULT_NONE where it holds. */
static fault_code_t
judge(const bytes_t *armor)
{
    fault_t fault = {0};
    signature_t signature;
    if (!signature_decode(&signature, bytes_slice(armor), &fault) &&
        !signature_check(&signature, slice_text(MESSAGE), SIGN_ORDER, &fault))
        assert_int_equal(fault.code, FAULT_NONE);
    assert_int_equal(fault.code == FAULT_NONE, !fault.text[0]);
    compare_with_keygen(armor, &fault);
    return fault.code;
}

static fault_code_t
judge_crafted(craft_t craft)
{
    CLEANUP(bytes_destroy) bytes_t *armor = bytes_new();
    add_crafted(&craft, slice_text(MESSAGE), armor);
    return judge(armor);
}

static fault_code_t
judge_text(const char *format, const char *text)
{
    CLEANUP(bytes_destroy) bytes_t *armor = bytes_new();
    for (const char *at = format; *at; at++)
        if (*at == '@')
            bytes_add_text(armor, text);
        else
            bytes_add(armor, at, 1);
    return judge(armor);
}

static void
crafted_signature_holds(void **state)
{
    (void)state;
    assert_int_equal(judge_crafted((craft_t){0}), FAULT_NONE);
    assert_int_equal(judge_crafted((craft_t){.hash = "sha256"}), FAULT_NONE);
    assert_int_equal(judge_crafted((craft_t){.width = 76}), FAULT_NONE);
}

static void
sig_wrong_namespace(void **state)
{
    (void)state;
    assert_int_equal(judge_crafted((craft_t){.namespace = "approve@tocsin.v1"}), FAULT_NAMESPACE);
    assert_int_equal(judge_crafted((craft_t){.namespace = "order@tocsin.v2"}), FAULT_NAMESPACE);
    assert_int_equal(judge_crafted((craft_t){.namespace = "order@tocsin.v1x"}), FAULT_NAMESPACE);
}

static void
sig_git_namespace_reused(void **state)
{
    (void)state;
    assert_int_equal(judge_crafted((craft_t){.namespace = "git"}), FAULT_NAMESPACE);
}

static void
sig_reserved_nonempty(void **state)
{
    (void)state;
    assert_int_equal(judge_crafted((craft_t){.reserved = "x"}), FAULT_SIGNATURE);
}

static void
sig_version_2(void **state)
{
    (void)state;
    assert_int_equal(judge_crafted((craft_t){.version = 2}), FAULT_SIGNATURE);
}

static void
sig_trailing_bytes_blob(void **state)
{
    (void)state;
    assert_int_equal(judge_crafted((craft_t){.left_over = "x"}), FAULT_SIGNATURE);
}

/* Any bit of it: nothing in a blob is of no account. */
static void
a_blob_that_is_damaged_anywhere(void **state)
{
    (void)state;
    for (int fido = 0; fido < 2; fido++) {
        craft_t craft = {.application = fido ? "ssh:" : NULL, .flags = 0x01};
        CLEANUP(bytes_destroy) bytes_t *blob = bytes_new();
        add_blob(&craft, slice_text(MESSAGE), blob);
        for (size_t i = 0; i < blob->size; i++) {
            CLEANUP(bytes_destroy) bytes_t *armor = bytes_new();
            blob->data[i] ^= 1;
            add_armor(blob, 70, armor);
            assert_int_not_equal(judge(armor), FAULT_NONE);
            blob->data[i] ^= 1;
        }
    }
}

static void
sig_hash_name_unknown(void **state)
{
    (void)state;
    assert_int_equal(judge_crafted((craft_t){.hash = "sha1"}), FAULT_SIGNATURE);
    assert_int_equal(judge_crafted((craft_t){.hash = "SHA512"}), FAULT_SIGNATURE);
}

static void
sig_ed25519_short_63(void **state)
{
    (void)state;
    assert_int_equal(judge_crafted((craft_t){.size = 63}), FAULT_SIGNATURE);
}

static void
sig_S_plus_L_malleable(void **state)
{
    (void)state;
    malleable = true;
    assert_int_equal(judge_crafted((craft_t){.plus_order = true}), FAULT_SIGNATURE);
    malleable = false;
}

static void
sig_small_order_key(void **state)
{
    (void)state;
    static const uint8_t one[32] = {1}, zero[32] = {0};
    assert_int_equal(judge_crafted((craft_t){.point = one}), FAULT_KEY);
    assert_int_equal(judge_crafted((craft_t){.point = zero}), FAULT_KEY);
}

static void
armor_of_other_widths(void **state)
{
    (void)state;
    static const size_t widths[] = {1, 64, 69, 71, 75, 77, 1000};
    for (size_t i = 0; i < ARRAY_SIZE(widths); i++)
        assert_int_equal(judge_crafted((craft_t){.width = widths[i]}), FAULT_SIGNATURE);
}

/* A good armor, its text in the middle of what stands around '@'. */
static void
sig_trailing_bytes_after_footer(void **state)
{
    (void)state;
    CLEANUP(bytes_destroy) bytes_t *good = bytes_new();
    add_crafted(&(craft_t){0}, slice_text(MESSAGE), good);
    const char *text = bytes_text(good);
    assert_int_equal(judge_text("@", text), FAULT_NONE);
    assert_int_equal(judge_text("@x", text), FAULT_SIGNATURE);
    assert_int_equal(judge_text("@\n", text), FAULT_SIGNATURE);
    assert_int_equal(judge_text("\n@", text), FAULT_SIGNATURE);
    assert_int_equal(judge_text("hello\n@", text), FAULT_SIGNATURE);
    assert_int_equal(judge_text("@@", text), FAULT_SIGNATURE);
    assert_int_equal(judge_text("", text), FAULT_SIGNATURE);
    assert_int_equal(
        judge_text("-----BEGIN SSH SIGNATURE-----\n-----END SSH SIGNATURE-----\n", text),
        FAULT_SIGNATURE);
}

static void
armor_cut_short_anywhere(void **state)
{
    (void)state;
    CLEANUP(bytes_destroy) bytes_t *good = bytes_new();
    add_crafted(&(craft_t){0}, slice_text(MESSAGE), good);
    for (size_t size = 0; size < good->size; size++) {
        CLEANUP(bytes_destroy) bytes_t *cut = bytes_copy(slice_of(good->data, size));
        assert_int_not_equal(judge(cut), FAULT_NONE);
    }
}

static void
sig_crlf_armor(void **state)
{
    (void)state;
    CLEANUP(bytes_destroy) bytes_t *good = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *crlf = bytes_new();
    add_crafted(&(craft_t){0}, slice_text(MESSAGE), good);
    for (size_t i = 0; i < good->size; i++) {
        if (good->data[i] == '\n')
            bytes_add_text(crlf, "\r");
        bytes_add(crlf, &good->data[i], 1);
    }
    assert_int_equal(judge(crlf), FAULT_SIGNATURE);
}

static void
base64_has_one_spelling(void **state)
{
    (void)state;
    CLEANUP(bytes_destroy) bytes_t *good = bytes_new();
    add_crafted(&(craft_t){.left_over = "xx"}, slice_text(MESSAGE), good);
    uint8_t *pad = memmem(good->data, good->size, "=\n", 2);
    if (!pad) { /* another length pads */
        bytes_clear(good);
        add_crafted(&(craft_t){.left_over = "x"}, slice_text(MESSAGE), good);
        pad = memmem(good->data, good->size, "=\n", 2);
    }
    assert_non_null(pad);
    while (pad[-1] == '=')
        pad--;
    pad[-1]++; /* bits that stand for nothing */
    assert_int_equal(judge(good), FAULT_SIGNATURE);
}

static void
base64_has_no_letters_above_ascii(void **state)
{
    (void)state;
    CLEANUP(bytes_destroy) bytes_t *good = bytes_new();
    add_crafted(&(craft_t){0}, slice_text(MESSAGE), good);
    size_t at = strlen("-----BEGIN SSH SIGNATURE-----\n") + 40;
    uint8_t kept = good->data[at];
    for (int byte = 0; byte < 256; byte++) {
        good->data[at] = (uint8_t)byte;
        assert_true((judge(good) == FAULT_NONE) == (byte == kept));
    }
}

static void
several_armors_are_taken_one_by_one(void **state)
{
    (void)state;
    signature_t signature;
    fault_t fault = {0};
    CLEANUP(bytes_destroy) bytes_t *armors = bytes_new();
    add_crafted(&(craft_t){0}, slice_text(MESSAGE), armors);
    add_crafted(&(craft_t){.namespace = "grant@tocsin.v1"}, slice_text(MESSAGE), armors);
    slice_t rest = bytes_slice(armors);
    assert_int_equal(signature_next(&signature, &rest, &fault), 1);
    assert_int_equal(signature.purpose, SIGN_ORDER);
    assert_int_equal(signature_next(&signature, &rest, &fault), 1);
    assert_int_equal(signature.purpose, SIGN_GRANT);
    assert_int_equal(signature_next(&signature, &rest, &fault), 0);
    bytes_add_text(armors, "x");
    rest = bytes_slice(armors);
    assert_int_equal(signature_next(&signature, &rest, &fault), 1);
    assert_int_equal(signature_next(&signature, &rest, &fault), 1);
    assert_int_equal(signature_next(&signature, &rest, &fault), -1);
    assert_int_equal(fault.code, FAULT_SIGNATURE);
}

/* FIDO */

static void
fido_touched_holds(void **state)
{
    (void)state;
    craft_t craft = {.application = "ssh:", .flags = 0x01, .counter = 7};
    assert_int_equal(judge_crafted(craft), FAULT_NONE);
    craft.flags = 0x05;
    assert_int_equal(judge_crafted(craft), FAULT_NONE);
}

static void
fido_no_touch_flag(void **state)
{
    (void)state;
    assert_int_equal(judge_crafted((craft_t){.application = "ssh:"}), FAULT_TOUCH);
    assert_int_equal(judge_crafted((craft_t){.application = "ssh:", .flags = 0x04}), FAULT_TOUCH);
}

/* A FIDO signature of this destructive order by "pat", whose key people list as 'application'. */
static fault_code_t
judge_fido_order(craft_t craft, const char *enrolled, class_t highest)
{
    fault_t fault = {0};
    CLEANUP(site_destroy) site_t *site = site_new();
    people_t *people = site_people(site);
    people->version = 2;
    people->keys[3].key = crafted_key(enrolled);
    sealed_t v2 = site_seal_people(site, people, "hana,hugo");
    assert_int_equal(site_add(site, &v2, &fault), 0);
    release_t *made = site_release(site);
    made->highest = highest;
    sealed_t release = site_seal_release(site, made, "ana", "rob,rita");
    hash_t hash = hash_of(bytes_slice(release.document));
    sealed_t order = site_seal_order(site, site_order(site, &hash), "pia");
    add_crafted(&craft, bytes_slice(order.document), order.armors);
    proof_t proof = {.authority = bytes_slice(order.document),
                     .authority_armors = bytes_slice(order.armors),
                     .release = bytes_slice(release.document),
                     .release_armors = bytes_slice(release.armors)};
    CLEANUP(warrant_destroy)
    warrant_t *warrant = trust_check(site->trust, &proof, "w1", site->now, &fault);
    assert_true(!warrant == (fault.code != FAULT_NONE));
    sealed_done(&v2);
    sealed_done(&release);
    sealed_done(&order);
    return fault.code;
}

static void
fido_no_pin_for_destructive(void **state)
{
    (void)state;
    craft_t craft = {.application = "ssh:", .flags = 0x01};
    assert_int_equal(judge_fido_order(craft, "ssh:", CLASS_DESTRUCTIVE), FAULT_PIN);
    assert_int_equal(judge_fido_order(craft, "ssh:", CLASS_CHANGE), FAULT_NONE);
    craft.flags = 0x05;
    assert_int_equal(judge_fido_order(craft, "ssh:", CLASS_DESTRUCTIVE), FAULT_NONE);
}

/* A destructive release of which 'author' and 'reviewer' sign with a FIDO key, touched, perhaps
 * with its PIN. */
static fault_code_t
judge_fido_release(class_t highest, const char *fido, bool pin)
{
    fault_t fault = {0};
    bool author = !strcmp(fido, "ana");
    CLEANUP(site_destroy) site_t *site = site_new();
    people_t *people = site_people(site);
    people->version = 2;
    for (size_t i = 0; i < people->key_count; i++)
        if (!strcmp(people->keys[i].person, fido))
            people->keys[i].key = crafted_key("ssh:");
    sealed_t v2 = site_seal_people(site, people, "hana,hugo");
    assert_int_equal(site_add(site, &v2, &fault), 0);
    release_t *made = site_release(site);
    made->highest = highest;
    sealed_t release =
        site_seal_release(site, made, author ? "" : "ana", author ? "rita,rob" : "rita");
    craft_t craft = {.application = "ssh:", .flags = pin ? 0x05 : 0x01};
    craft.namespace = author ? "author@tocsin.v1" : "approve@tocsin.v1";
    add_crafted(&craft, bytes_slice(release.document), release.armors);
    CLEANUP(release_destroy)
    release_t *checked = trust_check_release(site->trust, bytes_slice(release.document),
                                             bytes_slice(release.armors), &fault);
    assert_true(!checked == (fault.code != FAULT_NONE));
    sealed_done(&v2);
    sealed_done(&release);
    return fault.code;
}

static void
fido_release_without_pin(void **state)
{
    static const char *const people[] = {"ana", "rob"};
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(people); i++) {
        assert_int_equal(judge_fido_release(CLASS_DESTRUCTIVE, people[i], false), FAULT_PIN);
        assert_int_equal(judge_fido_release(CLASS_DESTRUCTIVE, people[i], true), FAULT_NONE);
        assert_int_equal(judge_fido_release(CLASS_CHANGE, people[i], false), FAULT_NONE);
    }
    assert_int_equal(judge_fido_release(CLASS_CHANGE, "zoe", false), FAULT_QUORUM);
    assert_int_equal(judge_fido_release(CLASS_DESTRUCTIVE, "zoe", true), FAULT_QUORUM);
}

/* A FIDO consent by "pat" to what this class may do. */
static fault_code_t
judge_fido_consent(craft_t craft, class_t highest)
{
    fault_t fault = {0};
    CLEANUP(site_destroy) site_t *site = site_new();
    people_t *people = site_people(site);
    people->version = 2;
    people->keys[3].key = crafted_key("ssh:");
    sealed_t v2 = site_seal_people(site, people, "hana,hugo");
    assert_int_equal(site_add(site, &v2, &fault), 0);
    hash_t run = hash_of(slice_text("run"));
    consent_wish_t wish = {.run = run,
                           .step = "go",
                           .role = ROLE_RESPONDER,
                           .class = highest,
                           .worker = "w1",
                           .target = "w1"};
    sealed_t sealed = site_seal_consent(site, site_consent(site, &run, &HASH_ZERO), "");
    craft.namespace = "consent@tocsin.v1";
    add_crafted(&craft, bytes_slice(sealed.document), sealed.armors);
    CLEANUP(consent_destroy)
    consent_t *consent = trust_check_consent(site->trust, bytes_slice(sealed.document),
                                             bytes_slice(sealed.armors), &wish, site->now, &fault);
    assert_true(!consent == (fault.code != FAULT_NONE));
    sealed_done(&v2);
    sealed_done(&sealed);
    return fault.code;
}

static void
fido_consent_without_touch_or_pin(void **state)
{
    (void)state;
    craft_t craft = {.application = "ssh:", .flags = 0x01};
    assert_int_equal(judge_fido_consent(craft, CLASS_DESTRUCTIVE), FAULT_PIN);
    assert_int_equal(judge_fido_consent(craft, CLASS_CHANGE), FAULT_NONE);
    craft.flags = 0x05;
    assert_int_equal(judge_fido_consent(craft, CLASS_DESTRUCTIVE), FAULT_NONE);
    craft.flags = 0x04;
    assert_int_equal(judge_fido_consent(craft, CLASS_CHANGE), FAULT_TOUCH);
}

static void
fido_wrong_application(void **state)
{
    (void)state;
    craft_t craft = {.application = "ssh:", .flags = 0x05};
    assert_int_equal(judge_fido_order(craft, "ssh:tocsin", CLASS_CHANGE), FAULT_KEY);
}

/* ssh-keygen as the other half */

static void
ssh_keygen_signs_and_we_verify(void **state)
{
    (void)state;
    pubkey_t key;
    signature_t signature;
    fault_t fault = {0};
    static const char *const options[] = {"", "-O hashalg=sha256", "-O hashalg=sha512"};
    write_out("message", slice_text(MESSAGE));
    assert_int_equal(run("ssh-keygen -q -t ed25519 -N '' -C 'ana of the north' -f ana && "
                         "{ printf 'x '; cat ana.pub; } >>judged.allowed"),
                     0);
    CLEANUP(bytes_destroy) bytes_t *line = read_back("ana.pub");
    assert_int_equal(pubkey_read_line(&key, bytes_text(line), &fault), 0);
    for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
        assert_int_equal(run("rm -f message.sig; ssh-keygen -q -Y sign -f ana -n order@tocsin.v1 "
                             "%s message",
                             options[i]),
                         0);
        CLEANUP(bytes_destroy) bytes_t *armor = read_back("message.sig");
        assert_int_equal(signature_decode(&signature, bytes_slice(armor), &fault), 0);
        assert_true(pubkey_equal(&signature.key, &key));
        assert_int_equal(judge(armor), FAULT_NONE);
        assert_int_equal(signature_check(&signature, slice_text("other"), SIGN_ORDER, &fault), -1);
        assert_int_equal(fault.code, FAULT_SIGNATURE);
    }
}

static void
we_sign_and_ssh_keygen_verifies(void **state)
{
    (void)state;
    char path[160];
    fault_t fault = {0};
    snprintf(path, sizeof path, "%s/secret", folder);
    CLEANUP(machinekey_destroy) machinekey_t *key = machinekey_make(path, &fault);
    assert_non_null(key);
    CLEANUP(bytes_destroy) bytes_t *armor = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *allowed = bytes_copy(slice_text("w1 "));
    machinekey_sign(key, SIGN_RECEIPT, slice_text(MESSAGE), armor);
    pubkey_write(machinekey_public(key), allowed);
    bytes_add_text(allowed, "\n");
    write_out("allowed", bytes_slice(allowed));
    write_out("ours.sig", bytes_slice(armor));
    write_out("message", slice_text(MESSAGE));
    assert_int_equal(run("ssh-keygen -Y verify -f allowed -I w1 -n receipt@tocsin.v1 -s ours.sig "
                         "<message"),
                     0);
    assert_int_not_equal(run("ssh-keygen -Y verify -f allowed -I w1 -n order@tocsin.v1 "
                             "-s ours.sig <message"),
                         0);
}

static void
ssh_keygen_agrees_on_fido(void **state)
{
    (void)state;
    pubkey_t key = crafted_key("ssh:");
    CLEANUP(bytes_destroy) bytes_t *armor = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *allowed = bytes_copy(slice_text("pat "));
    add_crafted(&(craft_t){.application = "ssh:", .flags = 0x01, .counter = 9}, slice_text(MESSAGE),
                armor);
    pubkey_write(&key, allowed);
    bytes_add_text(allowed, "\n");
    write_out("allowed", bytes_slice(allowed));
    write_out("fido.sig", bytes_slice(armor));
    write_out("message", slice_text(MESSAGE));
    assert_int_equal(judge(armor), FAULT_NONE);
    assert_int_equal(run("ssh-keygen -Y verify -f allowed -I pat -n order@tocsin.v1 -s fido.sig "
                         "<message"),
                     0);
}

static void
sig_rsa_and_ecdsa_refused(void **state)
{
    (void)state;
    static const char *const types[] = {"rsa", "ecdsa"};
    write_out("message", slice_text(MESSAGE));
    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        pubkey_t key;
        fault_t fault = {0};
        assert_int_equal(run("rm -f k k.pub message.sig; ssh-keygen -q -t %s -N '' -f k && "
                             "ssh-keygen -q -Y sign -f k -n order@tocsin.v1 message",
                             types[i]),
                         0);
        CLEANUP(bytes_destroy) bytes_t *armor = read_back("message.sig");
        CLEANUP(bytes_destroy) bytes_t *line = read_back("k.pub");
        assert_int_equal(judge(armor), FAULT_KEY);
        assert_int_equal(pubkey_read_line(&key, bytes_text(line), &fault), -1);
        assert_int_equal(fault.code, FAULT_KEY);
        assert_non_null(strstr(fault.text, "ssh-ed25519"));
    }
}

static void
sig_cert_key_refused(void **state)
{
    (void)state;
    pubkey_t key;
    fault_t fault = {0};
    assert_int_equal(run("rm -f k k.pub; ssh-keygen -q -t ed25519 -N '' -f k && ssh-keygen -q "
                         "-t ed25519 -N '' -f ca && ssh-keygen -q -s ca -I id -n pat k.pub"),
                     0);
    CLEANUP(bytes_destroy) bytes_t *line = read_back("k-cert.pub");
    assert_int_equal(pubkey_read_line(&key, bytes_text(line), &fault), -1);
    assert_int_equal(fault.code, FAULT_KEY);
}

static void
fingerprint_is_as_ssh_keygen_prints_it(void **state)
{
    (void)state;
    pubkey_t key;
    char print[PUBKEY_FINGERPRINT_TEXT];
    assert_int_equal(run("rm -f k k.pub; ssh-keygen -q -t ed25519 -N '' -f k"), 0);
    CLEANUP(bytes_destroy) bytes_t *line = read_back("k.pub");
    assert_int_equal(pubkey_read_line(&key, bytes_text(line), NULL), 0);
    pubkey_fingerprint(&key, print);
    assert_int_equal(run("ssh-keygen -l -f k.pub | grep -qF ' %s '", print), 0);
}

/* Keys */

static void
public_keys_have_one_spelling(void **state)
{
    (void)state;
    pubkey_t key = crafted_key(NULL), read;
    fault_t fault = {0};
    CLEANUP(bytes_destroy) bytes_t *line = bytes_new();
    pubkey_write(&key, line);
    assert_int_equal(pubkey_read_line(&read, bytes_text(line), &fault), 0);
    assert_true(pubkey_equal(&key, &read));
    const char *base64 = strchr(bytes_text(line), ' ') + 1;
    assert_int_equal(pubkey_read(&read, FIDO, base64, &fault), -1);
    assert_int_equal(fault.code, FAULT_FORMAT);
    bytes_add_text(line, "AAAA");
    assert_int_equal(pubkey_read_line(&read, bytes_text(line), &fault), -1);
    assert_int_equal(fault.code, FAULT_FORMAT);
    assert_int_equal(pubkey_read(&read, "ssh-ed25519", "AA==", &fault), -1);
    assert_int_equal(pubkey_read_line(&read, "", &fault), -1);
    assert_int_equal(pubkey_read_line(&read, "ssh-ed25519", &fault), -1);
}

static void
a_machine_key_lies_in_a_file_of_mode_0600(void **state)
{
    (void)state;
    char path[160];
    fault_t fault = {0};
    snprintf(path, sizeof path, "%s/machine", folder);
    CLEANUP(machinekey_destroy) machinekey_t *made = machinekey_make(path, &fault);
    assert_non_null(made);
    assert_null(machinekey_make(path, &fault));
    assert_int_equal(fault.code, FAULT_CONFLICT);
    CLEANUP(machinekey_destroy) machinekey_t *loaded = machinekey_load(path, &fault);
    assert_non_null(loaded);
    assert_true(pubkey_equal(machinekey_public(made), machinekey_public(loaded)));
    assert_int_equal(chmod(path, 0640), 0);
    assert_null(machinekey_load(path, &fault));
    assert_int_equal(fault.code, FAULT_KEY);
    write_out("machine", slice_text("0123\n"));
    assert_null(machinekey_load(path, &fault));
    assert_int_equal(fault.code, FAULT_KEY);
    unlink(path);
    assert_null(machinekey_load(path, &fault));
    assert_int_equal(fault.code, FAULT_NOT_FOUND);
}

/* The last: each rule that is written down was met, and is one in which we differ. */
static void
where_we_are_stricter_than_ssh_keygen(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(stricter); i++) {
        print_message("# stricter than ssh-keygen: %s (%zu cases)\n", stricter[i].rule,
                      differences[i]);
        assert_true(differences[i]);
    }
}

static int
make_folder(void **state)
{
    (void)state;
    if (sodium_init() < 0 || !mkdtemp(folder))
        return -1;
    allow_crafted();
    return 0;
}

static int
remove_folder(void **state)
{
    (void)state;
    return run("rm -rf %s", folder);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(crafted_signature_holds),
        cmocka_unit_test(sig_wrong_namespace),
        cmocka_unit_test(sig_git_namespace_reused),
        cmocka_unit_test(sig_reserved_nonempty),
        cmocka_unit_test(sig_version_2),
        cmocka_unit_test(sig_trailing_bytes_blob),
        cmocka_unit_test(a_blob_that_is_damaged_anywhere),
        cmocka_unit_test(sig_hash_name_unknown),
        cmocka_unit_test(sig_ed25519_short_63),
        cmocka_unit_test(sig_S_plus_L_malleable),
        cmocka_unit_test(sig_small_order_key),
        cmocka_unit_test(armor_of_other_widths),
        cmocka_unit_test(sig_trailing_bytes_after_footer),
        cmocka_unit_test(armor_cut_short_anywhere),
        cmocka_unit_test(sig_crlf_armor),
        cmocka_unit_test(base64_has_one_spelling),
        cmocka_unit_test(base64_has_no_letters_above_ascii),
        cmocka_unit_test(several_armors_are_taken_one_by_one),
        cmocka_unit_test(fido_touched_holds),
        cmocka_unit_test(fido_no_touch_flag),
        cmocka_unit_test(fido_no_pin_for_destructive),
        cmocka_unit_test(fido_consent_without_touch_or_pin),
        cmocka_unit_test(fido_wrong_application),
        cmocka_unit_test(fido_release_without_pin),
        cmocka_unit_test(ssh_keygen_signs_and_we_verify),
        cmocka_unit_test(we_sign_and_ssh_keygen_verifies),
        cmocka_unit_test(ssh_keygen_agrees_on_fido),
        cmocka_unit_test(sig_rsa_and_ecdsa_refused),
        cmocka_unit_test(sig_cert_key_refused),
        cmocka_unit_test(fingerprint_is_as_ssh_keygen_prints_it),
        cmocka_unit_test(public_keys_have_one_spelling),
        cmocka_unit_test(a_machine_key_lies_in_a_file_of_mode_0600),
        cmocka_unit_test(where_we_are_stricter_than_ssh_keygen),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
