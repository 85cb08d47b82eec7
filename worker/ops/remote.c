/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/ops/remote.h"

#include <libssh/libssh.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/moment.h"
#include "worker/ops/asked.h"

#define CONNECT_S  10
#define ANSWER_MS  45000
#define QUIET_MS   3000 /* after which a prompt is one that is not repeated */
#define PROMPT_MAX 80
#define COLUMNS    511
#define ROUNDS_MAX 8 /* of questions at the door */

struct remote {
    ssh_session session;
    ssh_channel channel;
    char prompt[PROMPT_MAX + 1]; /* how its prompts begin: "edge1" of "edge1(config)#" */
};

void
remote_destroy(remote_t **self_p)
{
    remote_t *self = *self_p;
    if (!self)
        return;
    if (self->channel)
        ssh_channel_free(self->channel);
    if (self->session) {
        ssh_disconnect(self->session);
        ssh_free(self->session);
    }
    free(self);
    *self_p = NULL;
}

static int
refuse(const remote_t *self, fault_code_t code, const char *what, fault_t *fault)
{
    char words[161];
    asked_printable(words, sizeof words, ssh_get_error(self->session));
    return fault_set(fault, code, "%s: %s", what, words);
}

/* ---- getting in --------------------------------------------------------------------------- */

/* What a host key of that type signs with: SHA-1 is none of it. */
static const char *
algorithms(const char *type)
{
    return strcmp(type, "ssh-rsa") ? type : "rsa-sha2-512,rsa-sha2-256";
}

static int
dial(remote_t *self, const value_t *reach, fault_t *fault)
{
    static const bool no = false;
    static const long timeout_s = CONNECT_S;
    unsigned port = (unsigned)value_get_integer(reach, "port");
    const struct {
        enum ssh_options_e option;
        const void *value;
    } options[] = {
        {SSH_OPTIONS_PROCESS_CONFIG, &no},
        {SSH_OPTIONS_SSH_DIR, "/nonexistent"},
        {SSH_OPTIONS_KNOWNHOSTS, "/dev/null"},
        {SSH_OPTIONS_GLOBAL_KNOWNHOSTS, "/dev/null"},
        {SSH_OPTIONS_HOST, value_get_text(reach, "address")},
        {SSH_OPTIONS_PORT, &port},
        {SSH_OPTIONS_USER, value_get_text(reach, "user")},
        {SSH_OPTIONS_HOSTKEYS, algorithms(value_get_text(reach, "host_key_type"))},
        {SSH_OPTIONS_TIMEOUT, &timeout_s},
    };
    for (size_t i = 0; i < ARRAY_SIZE(options); i++)
        if (ssh_options_set(self->session, options[i].option, options[i].value))
            return refuse(self, FAULT_FAILED, "SSH cannot be set up", fault);
    if (ssh_connect(self->session) != SSH_OK)
        return refuse(self, FAULT_UNREACHABLE, "the device cannot be reached over SSH", fault);
    return 0;
}

/* Before anything is said that is not for everybody. */
static int
check_host_key(const remote_t *self, const value_t *reach, fault_t *fault)
{
    ssh_key theirs = NULL, pinned = NULL;
    enum ssh_keytypes_e type = ssh_key_type_from_name(value_get_text(reach, "host_key_type"));
    bool same = !ssh_pki_import_pubkey_base64(value_get_text(reach, "host_key"), type, &pinned) &&
                !ssh_get_server_publickey(self->session, &theirs) &&
                !ssh_key_cmp(pinned, theirs, SSH_KEY_CMP_PUBLIC);
    ssh_key_free(theirs);
    ssh_key_free(pinned);
    return same ? 0
                : fault_set(fault, FAULT_KEY,
                            "the device has another host key than the policy of this machine says: "
                            "it was replaced, or is somebody else");
}

static int
answer_questions(const remote_t *self, const char *password)
{
    int status = ssh_userauth_kbdint(self->session, NULL, NULL);
    for (int round = 0; status == SSH_AUTH_INFO && round < ROUNDS_MAX; round++) {
        int count = ssh_userauth_kbdint_getnprompts(self->session);
        for (int i = 0; i < count; i++)
            ssh_userauth_kbdint_setanswer(self->session, (unsigned)i, password);
        status = ssh_userauth_kbdint(self->session, NULL, NULL);
    }
    return status;
}

static int
show_key(const remote_t *self, const char *text, fault_t *fault)
{
    ssh_key key = NULL;
    if (ssh_pki_import_privkey_base64(text, NULL, NULL, NULL, &key))
        return fault_set(fault, FAULT_KEY,
                         "the secret is no OpenSSH private key without a passphrase");
    int status = ssh_userauth_publickey(self->session, NULL, key);
    ssh_key_free(key);
    return status == SSH_AUTH_SUCCESS
               ? 0
               : refuse(self, FAULT_DENIED, "the device does not take the key", fault);
}

static int
log_in(const remote_t *self, const value_t *reach, fault_t *fault)
{
    const char *password = value_get_text(reach, "password");
    if (ssh_userauth_none(self->session, NULL) == SSH_AUTH_SUCCESS)
        return 0;
    if (value_get(reach, "key"))
        return show_key(self, value_get_text(reach, "key"), fault);
    int ways = ssh_userauth_list(self->session, NULL);
    int status = ways & SSH_AUTH_METHOD_PASSWORD
                     ? ssh_userauth_password(self->session, NULL, password)
                     : answer_questions(self, password);
    return status == SSH_AUTH_SUCCESS
               ? 0
               : refuse(self, FAULT_DENIED, "the device does not take the password", fault);
}

static int
start_shell(remote_t *self, fault_t *fault)
{
    self->channel = ssh_channel_new(self->session);
    if (!self->channel || ssh_channel_open_session(self->channel) ||
        ssh_channel_request_pty_size(self->channel, "dumb", COLUMNS, 100) ||
        ssh_channel_request_shell(self->channel))
        return refuse(self, FAULT_DENIED, "the device gives no command line", fault);
    return 0;
}

/* ---- talking ------------------------------------------------------------------------------ */

static int
type_line(remote_t *self, const char *line, fault_t *fault)
{
    CLEANUP(bytes_destroy) bytes_t *typed = bytes_new();
    bytes_addf(typed, "%s\n", line);
    int size = (int)typed->size;
    return ssh_channel_write(self->channel, typed->data, (uint32_t)size) == size
               ? 0
               : fault_set(fault, FAULT_UNREACHABLE, "the device hangs up");
}

/* Appends what came within so many ms, without carriage returns: 1, or 0 where nothing did. */
static int
hear(remote_t *self, bytes_t *said, int wait_ms, fault_t *fault)
{
    char chunk[16384];
    int got = ssh_channel_read_timeout(self->channel, chunk, sizeof chunk, 0, wait_ms);
    if (got < 0 || (got == 0 && ssh_channel_is_eof(self->channel)))
        return fault_set(fault, FAULT_UNREACHABLE, "the device hangs up");
    if (said->size + (size_t)got > REMOTE_ANSWER_MAX)
        return fault_set(fault, FAULT_LIMIT, "the device says more than %d bytes",
                         REMOTE_ANSWER_MAX);
    for (int i = 0; i < got; i++)
        if (chunk[i] != '\r' && chunk[i])
            bytes_add(said, &chunk[i], 1);
    return got > 0;
}

/* The last line, where it can be a prompt: a few characters that end in '#' or '>' and perhaps a
 * blank; NULL. */
static const char *
prompt_at_end(const bytes_t *said, size_t *size)
{
    const char *text = bytes_text(said), *line = strrchr(text, '\n');
    line = line ? line + 1 : text;
    *size = strlen(line);
    while (*size && line[*size - 1] == ' ')
        (*size)--;
    bool is =
        *size > 1 && *size <= PROMPT_MAX && (line[*size - 1] == '#' || line[*size - 1] == '>');
    return is && !memchr(line, ' ', *size) ? line : NULL;
}

static int
await_prompt(remote_t *self, bytes_t *said, fault_t *fault)
{
    int64_t until = mono_now().ms + ANSWER_MS;
    size_t size;
    for (int64_t left; (left = until - mono_now().ms) > 0;) {
        if (hear(self, said, (int)left, fault) < 0)
            return -1;
        const char *line = prompt_at_end(said, &size);
        if (line && !strncmp(line, self->prompt, strlen(self->prompt)))
            return 0;
    }
    return fault_set(fault, FAULT_TIMEOUT, "the device does not come back to its prompt");
}

/* Whether the line in front of the last, but for empty ones, is the same. */
static bool
is_repeated(const bytes_t *said, const char *line, size_t size)
{
    const char *text = bytes_text(said), *end = line;
    while (end > text && (end[-1] == '\n' || end[-1] == ' '))
        end--;
    return end >= text + size && !memcmp(end - size, line, size) &&
           (end - size == text || end[-size - 1] == '\n');
}

/* The first one comes again at an empty line, which no banner does. */
static int
learn_prompt(remote_t *self, fault_t *fault)
{
    CLEANUP(bytes_destroy) bytes_t *said = bytes_new();
    int more = 1;
    size_t size;
    const char *line = NULL;
    if (await_prompt(self, said, fault))
        return -1;
    if (type_line(self, "", fault))
        return -1;
    while (more > 0 && !(line && is_repeated(said, line, size))) {
        more = hear(self, said, QUIET_MS, fault);
        line = prompt_at_end(said, &size);
    }
    if (more < 0 || !line)
        return more < 0 ? -1 : fault_set(fault, FAULT_TIMEOUT, "the device shows no prompt");
    snprintf(self->prompt, sizeof self->prompt, "%.*s", (int)strcspn(line, "(#>"), line);
    return 0;
}

remote_t *
remote_open(const value_t *reach, fault_t *fault)
{
    CLEANUP(remote_destroy) remote_t *self = memory_new(1, sizeof *self);
    self->session = ssh_new();
    if (!self->session) {
        fault_set(fault, FAULT_FAILED, "SSH cannot be set up");
        return NULL;
    }
    if (dial(self, reach, fault) || check_host_key(self, reach, fault) ||
        log_in(self, reach, fault) || start_shell(self, fault) || learn_prompt(self, fault))
        return NULL;
    return MOVE(self);
}

/* Without the first line, which is what was typed, and the last, which is the prompt. */
static bytes_t *
trim(const bytes_t *said)
{
    const char *text = bytes_text(said), *from = strchr(text, '\n'), *to = strrchr(text, '\n');
    return from && to > from ? bytes_copy(slice_of(from + 1, (size_t)(to - from))) : bytes_new();
}

bytes_t *
remote_ask(remote_t *self, const char *line, fault_t *fault)
{
    CLEANUP(bytes_destroy) bytes_t *said = bytes_new();
    return type_line(self, line, fault) || await_prompt(self, said, fault) ? NULL : trim(said);
}
