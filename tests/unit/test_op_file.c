/* SPDX-License-Identifier: Apache-2.0 */
#include "op_bench.h"
#include "op_foretold.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include "keys/hash.h"

static value_t *
at(const char *path)
{
    return texts("path", path, NULL);
}

static void
a_stat_tells_of_the_link_not_of_where_it_leads(void **state)
{
    (void)state;
    put_file("plain", "12345", 0640);
    assert_int_equal(symlink("/etc/shadow", here("link")), 0);
    assert_int_equal(symlink(bench_folder, here("way")), 0);
    CLEANUP(value_destroy) value_t *plain = gives("file.stat", at(here("plain")));
    CLEANUP(value_destroy) value_t *link = gives("file.stat", at(here("link")));
    assert_string_equal(value_get_text(plain, "kind"), "file");
    assert_string_equal(value_get_text(plain, "mode"), "0640");
    assert_string_equal(value_get_text(plain, "user"), "root");
    assert_int_equal(value_get_integer(plain, "bytes"), 5);
    assert_true(llabs(value_get_integer(plain, "modified") - wall_now().ms) < 60000);
    assert_string_equal(value_get_text(link, "kind"), "link");
    assert_string_equal(value_get_text(link, "target"), "/etc/shadow");
    refused("file.stat", at(here("way/plain")), FAULT_POLICY, "symbolic link");
    refused("file.stat", at(here("none")), FAULT_NOT_FOUND, "none");
    unlink(here("way"));
}

static void
a_hash_is_of_all_the_bytes_of_a_regular_file(void **state)
{
    (void)state;
    put_file("abc", "abc", 0600);
    CLEANUP(value_destroy) value_t *hash = gives("file.hash", at(here("abc")));
    assert_string_equal(value_get_text(hash, "sha256"),
                        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_int_equal(value_get_integer(hash, "bytes"), 3);
    assert_int_equal(mkfifo(here("fifo"), 0600), 0);
    refused("file.hash", at(here("fifo")), FAULT_POLICY, "not a regular file");
    refused("file.hash", at("/dev/zero"), FAULT_POLICY, "not a regular file");
    refused("file.hash", at(here("link")), FAULT_POLICY, "symbolic link");
}

static void
too_long_a_file_is_not_hashed(void **state)
{
    fault_t fault;
    (void)state;
    int fd = open(here("long"), O_CREAT | O_WRONLY, 0600);
    assert_int_equal(ftruncate(fd, (4LL << 30) + 1), 0);
    CLEANUP(value_destroy) value_t *late = run_within("file.hash", at(here("long")), 1, &fault);
    close(fd);
    unlink(here("long"));
    assert_null(late);
    assert_true(fault.code == FAULT_TIMEOUT || fault.code == FAULT_LIMIT);
}

static void
a_tail_is_the_last_lines_made_printable(void **state)
{
    (void)state;
    put_file("log",
             "one\ntwo\x1b[31m\nthr\xc3\xa9"
             "e\n",
             0600);
    CLEANUP(value_destroy)
    value_t *two = gives("file.tail", and_integer(at(here("log")), "lines", 2));
    const value_t *lines = value_get(two, "lines");
    assert_int_equal(value_count(lines), 2);
    assert_string_equal(value_string(value_at(lines, 0)), "two?[31m");
    assert_string_equal(value_string(value_at(lines, 1)), "thr\xc3\xa9"
                                                          "e");
    assert_true(value_get_bool(two, "more"));
    CLEANUP(value_destroy) value_t *all = gives("file.tail", at(here("log")));
    assert_int_equal(value_count(value_get(all, "lines")), 3);
    assert_false(value_get_bool(all, "more"));
    put_file("empty", "", 0600);
    CLEANUP(value_destroy) value_t *none = gives("file.tail", at(here("empty")));
    assert_int_equal(value_count(value_get(none, "lines")), 0);
}

static void
a_search_goes_from_the_last_line_as_far_as_it_is_told(void **state)
{
    (void)state;
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    for (int i = 0; i < 1000; i++)
        bytes_addf(text, "%s line %d\n", i % 10 ? "good" : "error", i);
    put_file("many", bytes_text(text), 0600);
    value_t *arguments = texts("path", here("many"), "text", "error", NULL);
    CLEANUP(value_destroy)
    value_t *some =
        gives("file.search", and_integer(and_integer(arguments, "lines", 100), "count", 3));
    assert_int_equal(value_get_integer(some, "found"), 10);
    assert_int_equal(value_get_integer(some, "looked_at"), 100);
    assert_true(value_get_bool(some, "more"));
    assert_int_equal(value_count(value_get(some, "lines")), 3);
    assert_string_equal(value_string(value_at(value_get(some, "lines"), 0)), "error line 990");
    CLEANUP(value_destroy)
    value_t *all = gives("file.search", texts("path", here("many"), "text", "error", NULL));
    assert_int_equal(value_get_integer(all, "found"), 100);
    assert_false(value_get_bool(all, "more"));
}

static void
files_are_found_by_name_kind_age_and_size(void **state)
{
    (void)state;
    put_file("tree/a.php", "<?php", 0600);
    put_file("tree/deep/b.php", "<?php and more of it", 0600);
    put_file("tree/deep/c.txt", "text", 0600);
    value_t *php = texts("path", here("tree"), "name", "*.php", "kind", "file", NULL);
    CLEANUP(value_destroy) value_t *two = gives("file.find", php);
    assert_int_equal(value_count(value_get(two, "files")), 2);
    assert_non_null(entry_of(value_get(two, "files"), "path", here("tree/deep/b.php")));
    CLEANUP(value_destroy)
    value_t *large = gives("file.find", and_integer(at(here("tree")), "min_bytes", 4096));
    for (size_t i = 0; i < value_count(value_get(large, "files")); i++)
        assert_string_equal(value_get_text(value_at(value_get(large, "files"), i), "kind"),
                            "folder");
    CLEANUP(value_destroy)
    value_t *old = gives("file.find", and_integer(at(here("tree")), "older_than", 1000));
    assert_int_equal(value_count(value_get(old, "files")), 0);
    CLEANUP(value_destroy)
    value_t *one = gives("file.find", and_integer(at(here("tree")), "count", 1));
    assert_int_equal(value_count(value_get(one, "files")), 1);
    assert_int_equal(value_get_integer(one, "left_out"), 3);
}

/* Whoever may write there may make as many folders as that. */
static void
a_folder_too_deep_to_look_into_hides_nothing_else(void **state)
{
    CLEANUP(bytes_destroy) bytes_t *deep = bytes_copy(slice_text("cave"));
    (void)state;
    for (int i = 0; i < 70; i++)
        bytes_add_text(deep, "/x");
    bytes_add_text(deep, "/far");
    put_file(bytes_text(deep), "not seen", 0600);
    put_file("cave/near", "seen", 04755);
    CLEANUP(value_destroy)
    value_t *found = gives("file.find", texts("path", here("cave"), "kind", "file", NULL));
    assert_int_equal(value_count(value_get(found, "files")), 1);
    assert_int_equal(value_get_integer(found, "left_out"), 1);
    CLEANUP(value_destroy) value_t *rights = gives("file.setuid", at(here("cave")));
    assert_int_equal(value_count(value_get(rights, "files")), 1);
    assert_int_equal(value_get_integer(rights, "left_out"), 1);
    CLEANUP(value_destroy)
    value_t *largest = gives("disk.largest", and_integer(at(here("cave")), "count", 5));
    assert_int_equal(value_count(largest), 1);
    assert_string_equal(value_get_text(value_at(largest, 0), "path"), here("cave/near"));
    CLEANUP(value_destroy)
    value_t *inodes = gives("disk.inodes", and_integer(at(here("cave")), "count", 1));
    assert_string_equal(value_get_text(value_at(value_get(inodes, "folders"), 0), "path"),
                        here("cave"));
}

static void
setuid_programs_are_found(void **state)
{
    (void)state;
    put_file("tree/suid", "x", 04755);
    CLEANUP(value_destroy) value_t *found = gives("file.setuid", at(here("tree")));
    assert_int_equal(value_count(value_get(found, "files")), 1);
    assert_string_equal(value_get_text(value_at(value_get(found, "files"), 0), "mode"), "4755");
    CLEANUP(value_destroy)
    value_t *newer =
        gives("file.setuid", and_integer(at(here("tree")), "newer_than", wall_now().ms + 60000));
    assert_int_equal(value_count(value_get(newer, "files")), 0);
}

/* ---- fixes ------------------------------------------------------------------------------------
 */

static void
a_file_goes_to_quarantine_and_comes_back_as_it_was(void **state)
{
    struct stat facts;
    (void)state;
    put_file("www/shell.php", "<?php evil();", 0644);
    assert_int_equal(chown(here("www/shell.php"), 33, 33), 0);
    struct timespec times[2] = {{.tv_sec = 1000}, {.tv_sec = 1000000000}};
    assert_int_equal(utimensat(AT_FDCWD, here("www/shell.php"), times, 0), 0);
    CLEANUP(value_destroy) value_t *moved = gives("file.quarantine", at(here("www/shell.php")));
    CLEANUP(value_destroy) value_t *again = gives("file.quarantine", at(here("www/shell.php")));
    const char *id = value_get_text(moved, "id");
    char held[128];
    snprintf(held, sizeof held, "quarantine/%s", id);
    assert_string_equal(id, value_get_text(again, "id"));
    assert_int_equal(access(here("www/shell.php"), F_OK), -1);
    assert_int_equal(stat(here(held), &facts), 0);
    assert_int_equal(facts.st_mode & 07777, 0400);
    assert_int_equal(facts.st_uid, 0);
    value_t *there = texts("path", here("www/shell.php"), "id", id, NULL);
    CLEANUP(value_destroy) value_t *copy = value_copy(there);
    CLEANUP(value_destroy) value_t *back = gives("file.restore", there);
    assert_int_equal(stat(here("www/shell.php"), &facts), 0);
    assert_int_equal(facts.st_uid, 33);
    assert_int_equal(facts.st_mode & 07777, 0644);
    assert_int_equal(facts.st_mtim.tv_sec, 1000000000);
    assert_int_equal(facts.st_size, value_get_integer(back, "bytes"));
    assert_int_equal(access(here(held), F_OK), -1);
    CLEANUP(value_destroy) value_t *once = gives("file.restore", value_copy(copy));
    assert_string_equal(value_get_text(once, "id"), value_get_text(back, "id"));
}

static void
quarantine_takes_and_gives_nothing_else(void **state)
{
    (void)state;
    put_file("www/page.php", "one", 0644);
    CLEANUP(value_destroy) value_t *moved = gives("file.quarantine", at(here("www/page.php")));
    const char *id = value_get_text(moved, "id");
    put_file("www/page.php", "another", 0644);
    refused("file.restore", texts("path", here("www/page.php"), "id", id, NULL), FAULT_CONFLICT,
            "another file stands");
    refused("file.restore", texts("path", here("www/else"), "id", id, NULL), FAULT_CONFLICT,
            "it came from");
    refused("file.restore", texts("path", here("www/page.php"), "id", "0123", NULL),
            FAULT_NOT_FOUND, "0123");
    refused("file.quarantine", at(here("www/none")), FAULT_NOT_FOUND, "none");
    assert_int_equal(symlink("/etc/passwd", here("www/out")), 0);
    refused("file.quarantine", at(here("www/out")), FAULT_POLICY, "not a regular file");
    assert_int_equal(symlink(here("www"), here("wwwlink")), 0);
    refused("file.quarantine", at(here("wwwlink/page.php")), FAULT_POLICY, "symbolic link");
    assert_int_equal(chmod(here("quarantine"), 0755), 0);
    refused("file.quarantine", at(here("www/page.php")), FAULT_POLICY, "root's alone");
    assert_int_equal(chmod(here("quarantine"), 0700), 0);
    assert_int_equal(access(here("www/page.php"), F_OK), 0);
}

/* Though a policy allow all of /var. */
static void
nothing_of_ours_goes_to_quarantine(void **state)
{
    static settings_t settings;
    char held[128];
    (void)state;
    put_file("www/kept.php", "kept", 0644);
    put_file("state/effector/journal", "what was done", 0600);
    snprintf(settings.state, sizeof settings.state, "%s", here("state"));
    CLEANUP(value_destroy) value_t *moved = gives("file.quarantine", at(here("www/kept.php")));
    snprintf(held, sizeof held, "quarantine/%s", value_get_text(moved, "id"));
    bench.settings = &settings;
    refused("file.quarantine", at(here(held)), FAULT_POLICY, "tocsin's own");
    refused("file.quarantine", at(here("state/effector/journal")), FAULT_POLICY, "tocsin's own");
    bench.settings = NULL;
    assert_int_equal(access(here("state/effector/journal"), F_OK), 0);
    assert_int_equal(access(here(held), F_OK), 0);
}

static void
refused_as_ours(const char *path)
{
    static const char *const ops[] = {"file.tail", "file.search", "file.hash", "file.quarantine"};
    for (size_t i = 0; i < ARRAY_SIZE(ops); i++) {
        value_t *arguments = at(path);
        if (!strcmp(ops[i], "file.search"))
            value_set_text(arguments, "text", "a");
        refused(ops[i], arguments, FAULT_POLICY, "tocsin's own");
    }
}

/* A read line of all of /var is no way to the worker's keys, nor is another name of theirs. */
static void
nothing_of_ours_is_given_out(void **state)
{
    static settings_t settings;
    (void)state;
    put_file("state/judge/signing-key", "a secret", 0600);
    put_file("secrets/switches", "a community", 0600);
    put_file("backups/edge.config", "a password's hash", 0600);
    put_file("www/else", "a page", 0644);
    snprintf(settings.state, sizeof settings.state, "%s", here("state"));
    snprintf(settings.policy, sizeof settings.policy, "%s", here("policy"));
    bench.settings = &settings;
    assert_int_equal(link(here("state/judge/signing-key"), here("www/other-name")), 0);
    assert_int_equal(link(here("secrets/switches"), here("www/other-secret")), 0);
    refused_as_ours(here("state/judge/signing-key"));
    refused_as_ours(here("www/other-name"));
    refused_as_ours(here("secrets/switches"));
    refused_as_ours(here("www/other-secret"));
    refused_as_ours(here("backups/edge.config"));
    refused_as_ours(here("policy"));
    CLEANUP(value_destroy) value_t *other = gives("file.tail", at(here("www/else")));
    assert_int_equal(value_count(value_get(other, "lines")), 1);
    put_file("spool/ours/ledger.db", "what was done", 0600);
    snprintf(settings.state, sizeof settings.state, "%s", here("spool/ours"));
    refused("file.rotate", at(here("spool/ours/ledger.db")), FAULT_POLICY, "tocsin's own");
    refused("file.truncate", at(here("spool/ours/ledger.db")), FAULT_POLICY, "tocsin's own");
    refused("file.remove", at(here("spool/ours/ledger.db.1")), FAULT_POLICY, "tocsin's own");
    bench.settings = NULL;
}

/* Where a part of it is mounted elsewhere. */
static void
a_mount_of_ours_elsewhere_is_ours(void **state)
{
    static settings_t settings;
    int status;
    (void)state;
    put_file("state/judge/signing-key", "a secret", 0600);
    put_file("www/mounted/page", "a page", 0644);
    snprintf(settings.state, sizeof settings.state, "%s", here("state"));
    pid_t child = fork();
    if (child == 0) {
        if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
            mount(here("state/judge"), here("www/mounted"), NULL, MS_BIND, NULL))
            _exit(77);
        bench.settings = &settings;
        refused_as_ours(here("www/mounted/signing-key"));
        _exit(0);
    }
    waitpid(child, &status, 0);
    if (status == 77 << 8)
        skip();
    assert_int_equal(status, 0);
}

/* Killed at once, or later: the file is in its place, or whole in quarantine, or both, and the op
 * once more ends it. */
static void
a_kill_amid_a_move_loses_nothing(void **state)
{
    (void)state;
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    for (int i = 0; i < 400000; i++)
        bytes_addf(text, "line %d\n", i);
    for (int round = 0; round < 12; round++) {
        fault_t fault = {0};
        char path[256];
        snprintf(path, sizeof path, "www/big%d", round);
        put_file(path, bytes_text(text), 0640);
        CLEANUP(value_destroy) value_t *arguments = at(here(path));
        op_child_t *child = op_child_start(op_row("file.quarantine"), op_find("file.quarantine"),
                                           arguments, &bench, NULL, &fault);
        assert_non_null(child);
        poll(NULL, 0, round);
        op_child_destroy(&child);
        CLEANUP(value_destroy) value_t *moved = gives("file.quarantine", value_copy(arguments));
        assert_int_equal(value_get_integer(moved, "bytes"), text->size);
        value_t *there = texts("path", here(path), "id", value_get_text(moved, "id"), NULL);
        CLEANUP(value_destroy) value_t *copy = value_copy(there);
        child = op_child_start(op_row("file.restore"), op_find("file.restore"), copy, &bench, NULL,
                               &fault);
        poll(NULL, 0, round);
        op_child_destroy(&child);
        CLEANUP(value_destroy) value_t *back = gives("file.restore", there);
        CLEANUP(bytes_destroy) bytes_t *now = file_read(here(path), 1 << 24, &fault);
        assert_true(now && slice_equal(bytes_slice(now), bytes_slice(text)));
    }
}

/* A kill between the note and the bytes, either way. */
static void
what_a_kill_leaves_in_quarantine_is_no_file_and_is_swept_away(void **state)
{
    (void)state;
    put_file("www/once.php", "<?php once();", 0644);
    CLEANUP(value_destroy) value_t *moved = gives("file.quarantine", at(here("www/once.php")));
    char held[128], note[160], given[160];
    snprintf(held, sizeof held, "quarantine/%s", value_get_text(moved, "id"));
    snprintf(note, sizeof note, "%s.note", held);
    snprintf(given, sizeof given, "%s.given", held);
    assert_int_equal(rename(here(held), here("bytes")), 0);
    refused("file.quarantine", at(here("www/once.php")), FAULT_NOT_FOUND, "once.php");
    put_file("www/other.php", "<?php other();", 0644);
    value_destroy(&(value_t *){gives("file.quarantine", at(here("www/other.php")))});
    assert_int_equal(access(here(note), F_OK), -1);
    put_file("www/once.php", "<?php once();", 0644);
    value_destroy(&moved);
    moved = gives("file.quarantine", at(here("www/once.php")));
    value_t *there = texts("path", here("www/once.php"), "id", value_get_text(moved, "id"), NULL);
    CLEANUP(value_destroy) value_t *copy = value_copy(there);
    value_destroy(&(value_t *){gives("file.restore", there)});
    assert_int_equal(access(here(given), F_OK), 0);
    assert_int_equal(link(here("bytes"), here(held)), 0);
    value_destroy(&(value_t *){gives("file.restore", value_copy(copy))});
    assert_int_equal(access(here(held), F_OK), -1);
    assert_int_equal(rename(here("bytes"), here(held)), 0);
    put_file("www/other.php", "<?php other again();", 0644);
    value_destroy(&(value_t *){gives("file.quarantine", at(here("www/other.php")))});
    assert_int_equal(access(here(held), F_OK), -1);
    assert_int_equal(access(here(given), F_OK), 0);
}

/* Steps that stand beside one another call ops at once. */
static void
two_files_that_go_to_quarantine_at_once_are_two(void **state)
{
    (void)state;
    for (int round = 0; round < 5; round++) {
        value_t *arguments[2], *moved[2];
        for (int i = 0; i < 2; i++) {
            CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
            while (text->size < 1 << 22)
                bytes_addf(text, "line of file %d in round %d\n", i, round);
            put_file(i ? "www/right" : "www/left", bytes_text(text), 0640);
            arguments[i] = at(here(i ? "www/right" : "www/left"));
        }
        give_both("file.quarantine", arguments, moved);
        for (int i = 0; i < 2; i++) {
            char path[64];
            snprintf(path, sizeof path, "quarantine/%s", value_get_text(moved[i], "id"));
            fault_t fault;
            CLEANUP(bytes_destroy) bytes_t *held = file_read(here(path), 1 << 23, &fault);
            hash_t hash = hash_of(bytes_slice(held));
            char text[HASH_TEXT];
            assert_string_equal(value_get_text(moved[i], "sha256"), hash_write(&hash, text));
            value_destroy(&moved[i]);
        }
    }
}

/* Another file that is put where the copy is made, before it is: a second name of a file that is
 * not to be written, one that its owner has open, or a pipe that nobody reads. */
static void
a_file_in_the_way_of_a_copy_is_not_written_to(void **state)
{
    struct stat facts;
    char byte;
    (void)state;
    put_file("precious", "as it was", 0600);
    put_file("www/back.php", "<?php", 0640);
    for (int round = 0; round < 3; round++) {
        CLEANUP(value_destroy) value_t *moved = gives("file.quarantine", at(here("www/back.php")));
        int open_since = -1;
        if (round == 0)
            assert_int_equal(link(here("precious"), here("www/.tocsin-restore")), 0);
        else if (round == 1)
            open_since = open(here("www/.tocsin-restore"), O_RDWR | O_CREAT, 0600);
        else
            assert_int_equal(mkfifo(here("www/.tocsin-restore"), 0600), 0);
        CLEANUP(value_destroy)
        value_t *back = gives("file.restore", texts("path", here("www/back.php"), "id",
                                                    value_get_text(moved, "id"), NULL));
        assert_int_equal(value_get_integer(back, "bytes"), 5);
        assert_true(open_since < 0 || pread(open_since, &byte, 1, 0) == 0);
        close(open_since);
    }
    assert_int_equal(stat(here("precious"), &facts), 0);
    assert_int_equal(facts.st_size, 9);
    assert_int_equal(facts.st_mode & 07777, 0600);
}

/* Where the kernel lets anybody name any file, who may take names out of a folder could have
 * another file stand there with one name left, and be emptied. */
static void
a_log_is_emptied_only_where_nobody_can_swap_its_name(void **state)
{
    (void)state;
    put_file("spool/shared/app.log", "some text\n", 0640);
    bench_root(false);
    for (int guarded = 0; guarded < 2; guarded++) {
        put_file("proc/sys/fs/protected_hardlinks", guarded ? "1\n" : "0\n", 0644);
        assert_int_equal(chmod(here("spool/shared"), 0777), 0);
        if (!guarded)
            refused("file.truncate", at(here("spool/shared/app.log")), FAULT_POLICY,
                    "fs.protected_hardlinks=1");
        else
            value_destroy(&(value_t *){gives("file.truncate", at(here("spool/shared/app.log")))});
    }
    put_file("proc/sys/fs/protected_hardlinks", "0\n", 0644);
    assert_int_equal(chmod(here("spool/shared"), 01777), 0);
    value_destroy(&(value_t *){gives("file.truncate", at(here("spool/shared/app.log")))});
    assert_int_equal(chmod(here("spool/shared"), 0755), 0);
    assert_int_equal(chown(here("spool/shared"), 33, 33), 0);
    refused("file.truncate", at(here("spool/shared/app.log")), FAULT_POLICY,
            "fs.protected_hardlinks=1");
    assert_int_equal(chown(here("spool/shared/app.log"), 33, 33), 0);
    value_destroy(&(value_t *){gives("file.truncate", at(here("spool/shared/app.log")))});
    bench_root(true);
}

static void
a_log_is_rotated_at_once_and_keeps_owner_and_mode(void **state)
{
    struct stat facts, old;
    (void)state;
    put_file("spool/app.log", "some text\n", 0640);
    assert_int_equal(chown(here("spool/app.log"), 33, 4), 0);
    assert_int_equal(stat(here("spool/app.log"), &old), 0);
    CLEANUP(value_destroy) value_t *rotated = gives("file.rotate", at(here("spool/app.log")));
    char name[300];
    snprintf(name, sizeof name, "spool/%s", value_get_text(rotated, "name"));
    assert_true(name_is_rotated(value_get_text(rotated, "name")));
    assert_int_equal(stat(here("spool/app.log"), &facts), 0);
    assert_int_equal(facts.st_size, 0);
    assert_int_equal(facts.st_uid, 33);
    assert_int_equal(facts.st_gid, 4);
    assert_int_equal(facts.st_mode & 07777, 0640);
    assert_int_equal(stat(here(name), &facts), 0);
    assert_int_equal(facts.st_ino, old.st_ino);
    assert_int_equal(link(here("spool/app.log"), here("spool/second.log")), 0);
    refused("file.rotate", at(here("spool/app.log")), FAULT_POLICY, "one name");
    refused("file.rotate", at(here("www/page.php")), FAULT_POLICY, "no spool folder");
}

/* ---- signatures: made by GnuPG over SIGNED, by a key of the vendor's and by one that expired ---
 */

#define SIGNED "a vendor said this\n"
static const char vendor_ring[] =
    "9833046b03cc0516092b06010401da470f010107402ed0c5511a5ed6a0ae2e92285120913d1a077d74d2"
    "b1f72c1e47ce7b4af35e13b41656656e646f72203c76406578616d706c652e6f72673e88900413160800"
    "381621044bdb2ad563ceed4579998524e31465c91901a2b505026b03cc05021b03050b0908070206150a"
    "09080b020416020301021e01021780000a0910e31465c91901a2b513f000fc0e8b5883124528fd5f3cd2"
    "23c9d1de96173dd596634e7a647569134bf2edac2800ff61f28c6dd6179266c590ab6fdd9b54742c5415"
    "efe6c22227ada736d226652b0e";
static const char vendor_signature[] =
    "887504001608001d1621044bdb2ad563ceed4579998524e31465c91901a2b505026b03cc05000a0910e3"
    "1465c91901a2b5e6aa010087ac22cc2bc729ddf33006267c440f26d2966db125c030a4a9dd210aceef11"
    "450100db432d0d79c73264c773dd5cc45eaba433025f1827d502daa7b282693bf64809";
static const char whole_message[] =
    "a3019bc0cbccc021f65824f5a424e3a2ad8c6b649358d2327352b399cf0a242a94a5e6a5e41729142766"
    "a62894646416737594b230887130c88a29b278dfd6ba9a7ceead6be5cc561598765626903e062e4e0198"
    "48832423c355d7fcb38ddc3f3abffc60f55c6c12ee7355c059f3a687dd6b3df569fef37596fc6064d8f5"
    "2c75a625cbe6958fb64fe77a11ac74de5df5edf7298b4f5888b7731ee16ec9630700";
static const char old_ring[] =
    "9833045e0be10016092b06010401da470f01010740e2880123556bd0155764fd7054b2597eb3adebc6da"
    "dc963264c545121fb2e7e8b4134f6c64203c6f406578616d706c652e6f72673e889604131608003e1621"
    "0418f9b04fc0e6e24fe73974b8de648620a1d7dc9305025e0be100021b03050900015180050b09080702"
    "06150a09080b020416020301021e01021780000a0910de648620a1d7dc93a21000ff5c18ccbce83cdd05"
    "c6e7e7b78da40a5b35aef5674ddf40c0d4d7405bb0e5b4be00ff50e7a0789d234a046d19d0e55c4b92fa"
    "497dc95cb3f9dff665c6b51b6c3b6a03";
static const char old_signature[] =
    "888404001608002c16210418f9b04fc0e6e24fe73974b8de648620a1d7dc9305025e0be13c0e1c6f4065"
    "78616d706c652e6f7267000a0910de648620a1d7dc93437401009ccbd029281ce0e1fcbb6e258085eb00"
    "eebe599e9b198b05cab0d9d72ea3786100fe3df14877b389aab10a787bc4d870fff21d27e3d7a7517019"
    "58fc14502d0a160f";

static void
put_hex(const char *name, const char *hex)
{
    uint8_t bytes[512];
    size_t size = strlen(hex) / 2;
    fault_t fault = {0};
    assert_true(size <= sizeof bytes);
    for (size_t i = 0; i < size; i++) {
        char digits[3] = {hex[2 * i], hex[2 * i + 1], '\0'};
        bytes[i] = (uint8_t)strtoul(digits, NULL, 16);
    }
    assert_int_equal(file_write(here(name), slice_of(bytes, size), 0644, &fault), 0);
}

static value_t *
signed_by(const char *path, const char *signature, const char *keyring)
{
    return texts("path", here(path), "signature", here(signature), "keyring", here(keyring), NULL);
}

static void
put_signed(void)
{
    put_file("signed", SIGNED, 0644);
    put_hex("vendor.gpg", vendor_ring);
    put_hex("vendor.sig", vendor_signature);
    put_hex("whole.gpg", whole_message);
    put_hex("old.gpg", old_ring);
    put_hex("old.sig", old_signature);
}

static void
a_file_as_it_was_signed_is_told_with_who_signed_it(void **state)
{
    (void)state;
    put_signed();
    CLEANUP(value_destroy)
    value_t *good = gives("file.signature", signed_by("signed", "vendor.sig", "vendor.gpg"));
    const value_t *signer = value_at(value_get(good, "signers"), 0);
    assert_true(value_get_bool(good, "valid"));
    assert_null(value_get(good, "problem"));
    assert_int_equal(value_count(value_get(good, "signers")), 1);
    assert_string_equal(value_get_text(signer, "name"), "Vendor <v@example.org>");
    assert_string_equal(value_get_text(signer, "fingerprint"),
                        "4BDB2AD563CEED4579998524E31465C91901A2B5");
    assert_int_equal(value_get_integer(signer, "at"), 1795410949000);
}

/* Of an expired key gpgv itself says that all is well; and a whole message is signed, but it is not
 * the file that is. */
static void
whatever_else_is_no_signature_and_says_why(void **state)
{
    static const struct {
        const char *text, *signature, *keyring, *problem;
    } cases[] = {
        {"a vendor said that\n", "vendor.sig", "vendor.gpg", "not what was signed"},
        {SIGNED, "vendor.sig", "old.gpg", "no key of the keyring"},
        {SIGNED, "old.sig", "old.gpg", "the key expired"},
        {SIGNED, "signed", "vendor.gpg", "no signature in it"},
        {SIGNED, "whole.gpg", "vendor.gpg", "cannot read it"},
        {"other\n", "whole.gpg", "vendor.gpg", "cannot read it"},
    };
    (void)state;
    put_signed();
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        put_file("signed", cases[i].text, 0644);
        CLEANUP(value_destroy)
        value_t *result =
            gives("file.signature", signed_by("signed", cases[i].signature, cases[i].keyring));
        assert_false(value_get_bool(result, "valid"));
        assert_int_equal(value_count(value_get(result, "signers")), 0);
        if (!strstr(value_get_text(result, "problem"), cases[i].problem))
            fail_msg("%s, not %s", value_get_text(result, "problem"), cases[i].problem);
    }
}

static void
a_keyring_that_others_can_write_vouches_for_nobody(void **state)
{
    (void)state;
    put_signed();
    assert_int_equal(chmod(here("vendor.gpg"), 0666), 0);
    refused("file.signature", signed_by("signed", "vendor.sig", "vendor.gpg"), FAULT_POLICY,
            "only root can write");
    assert_int_equal(chown(here("old.gpg"), 33, 33), 0);
    refused("file.signature", signed_by("signed", "old.sig", "old.gpg"), FAULT_POLICY,
            "only root can write");
    put_signed();
    refused("file.signature", signed_by("signed", "none.sig", "old.gpg"), FAULT_NOT_FOUND, "none");
    refused("file.signature", signed_by("fifo", "old.sig", "vendor.gpg"), FAULT_POLICY,
            "not a regular file");
    assert_int_equal(symlink(here("vendor.gpg"), here("ring")), 0);
    refused("file.signature", signed_by("signed", "vendor.sig", "ring"), FAULT_POLICY,
            "only root can write");
}

/* In a network namespace of the test's own, whose parameters are nobody else's. */
static void
a_kernel_parameter_is_set_and_given_back(void **state)
{
    const char *key = "net.ipv4.ip_forward";
    (void)state;
    pid_t child = fork();
    if (child == 0) {
        if (unshare(CLONE_NEWNET))
            _exit(77);
        CLEANUP(value_destroy)
        value_t *would = foretells("sysctl.set", texts("key", key, "value", "1", "was", "0", NULL),
                                   &bench, "- net.ipv4.ip_forward: 0\n+ net.ipv4.ip_forward: 1\n");
        CLEANUP(value_destroy)
        value_t *set = gives("sysctl.set", texts("key", key, "value", "1", "was", "0", NULL));
        CLEANUP(value_destroy)
        value_t *again = gives("sysctl.set", texts("key", key, "value", "1", "was", "0", NULL));
        CLEANUP(value_destroy) value_t *now = gives("host.sysctl", texts("key", key, NULL));
        assert_string_equal(value_get_text(set, "previous"), "0");
        assert_true(value_equal(would, set));
        assert_string_equal(value_get_text(again, "previous"), "0");
        assert_string_equal(value_get_text(now, "value"), "1");
        refused("sysctl.set", texts("key", key, "value", "0", "was", "7", NULL), FAULT_CONFLICT,
                "neither");
        refused("sysctl.set", texts("key", key, "value", "many", NULL), FAULT_IO, "does not take");
        refused("sysctl.set", texts("key", "net.no_such", "value", "1", NULL), FAULT_NOT_FOUND,
                "no_such");
        CLEANUP(value_destroy)
        value_t *back = gives("sysctl.set", texts("key", key, "value", "0", NULL));
        assert_string_equal(value_get_text(back, "previous"), "1");
        _exit(0);
    }
    int status;
    waitpid(child, &status, 0);
    if (status == 77 << 8)
        skip();
    assert_int_equal(status, 0);
}

static int
begin(void **state)
{
    char policy[512], folder[64] = "/tmp/tocsin-ops-XXXXXX";
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(policy, sizeof policy,
             "class highest change\nquarantine %s/quarantine\nspool %s/spool\n"
             "secret switches file %s/secrets/switches\nbackups %s/backups\n",
             folder, folder, folder, folder);
    bench_begin_in(folder, policy);
    assert_int_equal(mkdir(here("quarantine"), 0700), 0);
    return 0;
}

static int
end(void **state)
{
    (void)state;
    bench_end();
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stat_tells_of_the_link_not_of_where_it_leads),
        cmocka_unit_test(a_hash_is_of_all_the_bytes_of_a_regular_file),
        cmocka_unit_test(too_long_a_file_is_not_hashed),
        cmocka_unit_test(a_tail_is_the_last_lines_made_printable),
        cmocka_unit_test(a_search_goes_from_the_last_line_as_far_as_it_is_told),
        cmocka_unit_test(files_are_found_by_name_kind_age_and_size),
        cmocka_unit_test(a_folder_too_deep_to_look_into_hides_nothing_else),
        cmocka_unit_test(setuid_programs_are_found),
        cmocka_unit_test(a_file_goes_to_quarantine_and_comes_back_as_it_was),
        cmocka_unit_test(quarantine_takes_and_gives_nothing_else),
        cmocka_unit_test(nothing_of_ours_goes_to_quarantine),
        cmocka_unit_test(nothing_of_ours_is_given_out),
        cmocka_unit_test(a_mount_of_ours_elsewhere_is_ours),
        cmocka_unit_test(a_kill_amid_a_move_loses_nothing),
        cmocka_unit_test(what_a_kill_leaves_in_quarantine_is_no_file_and_is_swept_away),
        cmocka_unit_test(two_files_that_go_to_quarantine_at_once_are_two),
        cmocka_unit_test(a_file_in_the_way_of_a_copy_is_not_written_to),
        cmocka_unit_test(a_log_is_emptied_only_where_nobody_can_swap_its_name),
        cmocka_unit_test(a_log_is_rotated_at_once_and_keeps_owner_and_mode),
        cmocka_unit_test(a_file_as_it_was_signed_is_told_with_who_signed_it),
        cmocka_unit_test(whatever_else_is_no_signature_and_says_why),
        cmocka_unit_test(a_keyring_that_others_can_write_vouches_for_nobody),
        cmocka_unit_test(a_kernel_parameter_is_set_and_given_back),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
