/* SPDX-License-Identifier: Apache-2.0 */
/* faults/thing - the thing that an op acts on, told as text: the files of the test's folder, and
 * what a case's own words say. Times and ids are left out of it. */
#ifndef TOCSIN_FAULTS_THING_H
#define TOCSIN_FAULTS_THING_H

#include "tests/unit/faults/case.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>

#include "keys/hash.h"

/* Digits and hexadecimal numbers, of six or more, are times and ids: each is '#'. */
static void
add_timeless(bytes_t *out, const char *text, size_t size)
{
    for (size_t i = 0; i < size;) {
        size_t run = 0;
        while (i + run < size && isxdigit((unsigned char)text[i + run]))
            run++;
        size_t kept = run >= 6 ? 0 : run ? run : 1;
        bytes_add(out, kept ? text + i : "#", kept ? kept : 1);
        i += run >= 6 ? run : kept;
    }
}

static void
tell_content(int folder, const char *name, bytes_t *out)
{
    char text[4096], hex[HASH_TEXT];
    CLEANUP(bytes_destroy) bytes_t *timeless = bytes_new();
    CLEANUP(descriptor_close) int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t size = fd < 0 ? 0 : read(fd, text, sizeof text);
    add_timeless(timeless, text, size < 0 ? 0 : (size_t)size);
    hash_t hash = hash_of(bytes_slice(timeless));
    bytes_addf(out, " %.8s", hash_write(&hash, hex));
}

static int
is_told(const struct dirent *entry)
{
    return (entry->d_name[0] != '.' || strlen(entry->d_name) > 2) &&
           strcmp(entry->d_name, "pid") != 0 && strcmp(entry->d_name, "sessions") != 0;
}

/* A line for each that lies below: mode, owner, size, what it holds, its name. */
static void
tell_folder(int parent, const char *path, bytes_t *out)
{
    struct dirent **all = NULL;
    CLEANUP(descriptor_close)
    int folder = openat(parent, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    int count = folder < 0 ? 0 : scandirat(folder, ".", &all, is_told, alphasort);
    for (int i = 0; i < count; i++) {
        struct stat facts = {0};
        const char *name = all[i]->d_name;
        fstatat(folder, name, &facts, AT_SYMLINK_NOFOLLOW);
        bytes_addf(out, "%o %u:%u ", facts.st_mode, facts.st_uid, facts.st_gid);
        add_timeless(out, name, strlen(name));
        if (S_ISREG(facts.st_mode)) {
            bytes_addf(out, " %lld", (long long)facts.st_size);
            if (!strstr(name, ".tar")) /* its times are not written as such */
                tell_content(folder, name, out);
        }
        bytes_add_text(out, "\n");
        if (S_ISDIR(facts.st_mode))
            tell_folder(folder, name, out);
        free(all[i]);
    }
    free(all);
}

/* The caller's. */
static bytes_t *
tell_thing(const case_t *self)
{
    char chunk[4096];
    size_t got;
    bytes_t *out = bytes_new();
    tell_folder(AT_FDCWD, bench_folder, out);
    if (!self->thing)
        return out;
    CLEANUP(bytes_destroy) bytes_t *words = bytes_new();
    bytes_add_text(words, "{ ");
    expand(self->thing, words);
    bytes_add_text(words, "; } 2>/dev/null");
    FILE *said = popen(bytes_text(words), "re");
    assert_non_null(said);
    while ((got = fread(chunk, 1, sizeof chunk, said)) > 0)
        bytes_add(out, chunk, got);
    pclose(said);
    return out;
}

#endif
