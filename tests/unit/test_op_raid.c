/* SPDX-License-Identifier: Apache-2.0 */
/* disk.raid_readd: what it refuses, by files that lie as a kernel's do; what it does, with real
 * arrays in a kernel of the test's own. No drive in there tells its health: what smartctl would
 * write of one that fails a program in its place says. */
#include "kernel_fixture.h"
#include "op_foretold.h"

#include <linux/raid/md_p.h>
#include <sys/mount.h>

static value_t *
back(const char *member, const char *sync)
{
    return texts("array", "md0", "member", member, "sync", sync, NULL);
}

/* ---- as files say ------------------------------------------------------------------------ */

static void
put_kernel_file(const char *name, const char *text)
{
    char path[160];
    snprintf(path, sizeof path, "sys/%s", name);
    put_file(path, text, 0644);
}

typedef struct {
    uint8_t array;   /* its id */
    uint16_t number; /* of this drive in it */
    uint64_t events;
    uint16_t roles[2];
} written_t;

/* A drive of 64 KiB with such a superblock, of version 1.2. */
static void
put_drive(const char *name, const written_t *what)
{
    static char bytes[65536];
    struct mdp_superblock_1 *super = (struct mdp_superblock_1 *)(bytes + 4096);
    fault_t fault = {0};
    char path[64];
    memset(bytes, 0, sizeof bytes);
    super->magic = MD_SB_MAGIC;
    super->major_version = 1;
    super->max_dev = 2;
    super->set_uuid[0] = what->array;
    super->dev_number = what->number;
    super->events = what->events;
    memcpy(super->dev_roles, what->roles, sizeof what->roles);
    snprintf(path, sizeof path, "dev/%s", name);
    put_file(path, "", 0644);
    assert_int_equal(file_write(here(path), slice_of(bytes, sizeof bytes), 0644, &fault), 0);
    snprintf(path, sizeof path, "class/block/%s/dev", name);
    put_kernel_file(path, "0:0\n");
}

/* md0 lost sdb; sda is in sync. */
static void
put_array(void)
{
    static const char *const files[][2] = {
        {"array_state", "clean\n"},    {"degraded", "1\n"},       {"bitmap/location", "+8\n"},
        {"metadata_version", "1.2\n"}, {"sync_action", "idle\n"}, {"dev-sda/state", "in_sync\n"}};
    char name[64];
    for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
        snprintf(name, sizeof name, "block/md0/md/%s", files[i][0]);
        put_kernel_file(name, files[i][1]);
    }
    put_drive("sda", &(written_t){.array = 7, .number = 0, .events = 20, .roles = {0, 0xfffe}});
    put_drive("sdb", &(written_t){.array = 7, .number = 1, .events = 10, .roles = {0, 1}});
    bench_root(false);
}

static void
an_array_or_a_drive_that_is_not_there_is_not_found(void **state)
{
    (void)state;
    put_array();
    refused("disk.raid_readd", texts("array", "md9", "member", "sdb", "sync", "changed", NULL),
            FAULT_NOT_FOUND, "no array 'md9' runs");
    refused("disk.raid_readd", back("sdz", "changed"), FAULT_NOT_FOUND, "no drive 'sdz'");
    put_kernel_file("class/block/sdb/dev", "8:16\n");
    refused("disk.raid_readd", back("sdb", "changed"), FAULT_CONFLICT, "is not the drive 8:16");
}

static void
an_array_that_misses_nobody_or_could_not_takes_none_back(void **state)
{
    (void)state;
    put_array();
    put_kernel_file("block/md0/md/degraded", "0\n");
    refused("disk.raid_readd", back("sdb", "changed"), FAULT_CONFLICT, "misses no member");
    unlink(here("sys/block/md0/md/degraded"));
    refused("disk.raid_readd", back("sdb", "changed"), FAULT_CONFLICT, "no member more than");
}

static void
without_a_bitmap_it_is_filled_as_a_whole_or_not_at_all(void **state)
{
    (void)state;
    put_array();
    put_kernel_file("block/md0/md/bitmap/location", "none\n");
    refused("disk.raid_readd", back("sdb", "changed"), FAULT_CONFLICT, "keeps no bitmap");
    CLEANUP(value_destroy)
    value_t *would = foretells("disk.raid_readd", back("sdb", "whole"), &bench,
                               "- md0, drive sdb: no member\n+ md0, drive sdb: spare\n");
    assert_true(value_get_bool(would, "added"));
}

static void
a_drive_that_was_not_a_member_like_the_others_is_refused(void **state)
{
    static const struct {
        written_t is;
        const char *words;
    } drives[] = {
        {{.array = 8, .number = 1, .events = 10, .roles = {0, 1}}, "member of another array"},
        {{.array = 7, .number = 1, .events = 21, .roles = {0, 1}}, "ran without the other"},
        {{.array = 7, .number = 1, .events = 15, .roles = {0xffff, 1}}, "ran without the other"},
        {{.array = 7, .number = 1, .events = 10, .roles = {0, 0xffff}}, "had no place in 'md0'"},
        {{.array = 7, .number = 2, .events = 10, .roles = {0, 1}}, "has no superblock"},
    };
    (void)state;
    put_array();
    for (size_t i = 0; i < ARRAY_SIZE(drives); i++) {
        put_drive("sdb", &drives[i].is);
        refused("disk.raid_readd", back("sdb", "changed"), FAULT_CONFLICT, drives[i].words);
        foresees_refusal("disk.raid_readd", back("sdb", "changed"), &bench, FAULT_CONFLICT,
                         drives[i].words);
    }
}

static void
metadata_of_others_is_left_to_them(void **state)
{
    (void)state;
    put_array();
    put_kernel_file("block/md0/md/metadata_version", "external:imsm\n");
    refused("disk.raid_readd", back("sdb", "changed"), FAULT_CONFLICT, "'external:imsm'");
    put_kernel_file("block/md0/md/metadata_version", "0.90\n");
    refused("disk.raid_readd", back("sdb", "changed"), FAULT_CONFLICT, "'0.90'");
    put_kernel_file("block/md0/md/metadata_version", "1.2\n");
    put_kernel_file("block/md0/md/dev-sda/state", "faulty\n");
    refused("disk.raid_readd", back("sdb", "changed"), FAULT_CONFLICT, "no member that is in sync");
}

static void
a_drive_that_says_that_it_fails_is_not_taken_back(void **state)
{
    (void)state;
    put_array();
    put_file("usr/sbin/smartctl",
             "#!/bin/sh\n[ \"$6\" = /dev/sdb ] && echo '{\"smart_status\":{\"passed\":false}}'\n",
             0755);
    refused("disk.raid_readd", back("sdb", "changed"), FAULT_CONFLICT, "says itself that it fails");
    unlink(here("usr/sbin/smartctl")); /* then nobody says so; the kernel alone has that array */
    refused("disk.raid_readd", back("sdb", "changed"), FAULT_NOT_FOUND, "no drive 'md0'");
}

/* Of a partition the whole drive tells. */
static void
a_part_of_a_drive_that_fails_is_not_taken_back(void **state)
{
    (void)state;
    put_array();
    put_drive("sdb1", &(written_t){.array = 7, .number = 1, .events = 10, .roles = {0, 1}});
    put_kernel_file("devices/sdb/sdb1/partition", "1\n");
    put_kernel_file("devices/sdb/sdb1/dev", "0:0\n");
    assert_int_equal(unlink(here("sys/class/block/sdb1/dev")), 0);
    assert_int_equal(rmdir(here("sys/class/block/sdb1")), 0);
    assert_int_equal(symlink("../../devices/sdb/sdb1", here("sys/class/block/sdb1")), 0);
    put_file("usr/sbin/smartctl",
             "#!/bin/sh\n[ \"$6\" = /dev/sdb ] && echo '{\"smart_status\":{\"passed\":false}}'\n",
             0755);
    refused("disk.raid_readd", back("sdb1", "changed"), FAULT_CONFLICT,
            "'sdb' says itself that it fails");
    unlink(here("usr/sbin/smartctl"));
}

static void
a_drive_that_does_not_answer_is_left_at_the_deadline(void **state)
{
    fault_t fault;
    (void)state;
    put_array();
    unlink(here("dev/sdb"));
    assert_int_equal(mkfifo(here("dev/sdb"), 0644), 0); /* whoever opens it waits */
    CLEANUP(value_destroy)
    value_t *told = run_within("disk.raid_readd", back("sdb", "changed"), 1, &fault);
    assert_null(told);
    assert_int_equal(fault.code, FAULT_TIMEOUT);
    unlink(here("dev/sdb"));
}

static void
one_that_is_a_member_stays_one(void **state)
{
    (void)state;
    put_array();
    put_kernel_file("block/md0/md/degraded", "0\n");
    put_kernel_file("block/md0/md/dev-sdb/state", "in_sync\n");
    CLEANUP(value_destroy) value_t *told = gives("disk.raid_readd", back("sdb", "changed"));
    CLEANUP(value_destroy)
    value_t *would = foretells("disk.raid_readd", back("sdb", "changed"), &bench, "");
    assert_false(value_get_bool(told, "added"));
    assert_string_equal(value_get_text(told, "state"), "in_sync");
    assert_true(value_equal(told, would));
}

static void
a_kernel_of_its_own_shows_what_it_does(void **state)
{
    (void)state;
    kernel_run();
}

/* ---- in a kernel of its own -------------------------------------------------------------- */

#define MDADM TOOLS "/sbin/mdadm"

static void
does(const char *command)
{
    if (system(command))
        fail_msg("%s", command);
}

static void
await(const char *file, const char *text)
{
    char command[512];
    snprintf(command, sizeof command,
             "i=0; until read -r is </sys/block/md0/md/%s && [ \"$is\" = %s ]; do [ $((i += 1)) "
             "-lt 500 ]"
             " || { cat /proc/mdstat; exit 1; }; sleep 0.02; done",
             file, text);
    does(command);
}

/* Its members hold the same. */
static void
is_whole(void)
{
    await("degraded", "0");
    await("sync_action", "idle");
    does("cd /sys/block/md0/md && for dev in dev-*; do dd if=/dev/${dev#dev-} iflag=direct "
         "bs=$(($(cat $dev/offset) * 512)) skip=1 count=4 status=none | sha256sum; done | "
         "uniq -c | grep -q '^ *2 '");
}

static void
changes(void)
{
    does("head -c 3000000 /dev/urandom >/dev/md0 && sync");
}

static void
comes_back(const char *sync)
{
    CLEANUP(value_destroy)
    value_t *would = foretold_or("disk.raid_readd", back("ubdb", sync), &bench, &(fault_t){0});
    CLEANUP(value_destroy) value_t *told = gives("disk.raid_readd", back("ubdb", sync));
    assert_int_equal(value_count(value_get(would, "changes")), 2);
    assert_true(value_get_bool(told, "added"));
    is_whole();
    CLEANUP(value_destroy) value_t *again = gives("disk.raid_readd", back("ubdb", sync));
    assert_false(value_get_bool(again, "added"));
    assert_string_equal(value_get_text(again, "state"), "in_sync");
}

#define LOSE_IT MDADM " -q /dev/md0 --fail /dev/ubdb && " MDADM " -q /dev/md0 --remove /dev/ubdb"

static void
a_drive_that_failed_comes_back_and_holds_what_changed(void **state)
{
    (void)state;
    does(MDADM " --create /dev/md0 -q --run --level=1 --raid-devices=2 --metadata=1.2 "
               "--assume-clean --bitmap=internal /dev/ubda /dev/ubdb");
    changes();
    does(MDADM " -q /dev/md0 --fail /dev/ubdb");
    changes();
    comes_back("changed");
}

static void
a_drive_that_was_taken_out_does_so_too(void **state)
{
    (void)state;
    does(LOSE_IT);
    changes();
    comes_back("changed");
}

static void
a_drive_that_fails_by_its_own_word_stays_out(void **state)
{
    (void)state;
    does(LOSE_IT);
    put_file("usr/sbin/smartctl", "#!/bin/sh\necho '{\"smart_status\":{\"passed\":false}}'\n",
             0755);
    refused("disk.raid_readd", back("ubdb", "changed"), FAULT_CONFLICT, "says itself");
    unlink(here("usr/sbin/smartctl"));
    comes_back("changed");
}

static void
a_drive_of_another_array_stays_out(void **state)
{
    (void)state;
    does(LOSE_IT);
    refused("disk.raid_readd", back("ubdc", "whole"), FAULT_CONFLICT, "no superblock");
    does(MDADM " --create /dev/md1 -q --run --level=1 --raid-devices=2 --metadata=1.2 "
               "/dev/ubdc missing && " MDADM " -q --stop /dev/md1");
    refused("disk.raid_readd", back("ubdc", "whole"), FAULT_CONFLICT, "another array");
    does(MDADM " --zero-superblock /dev/ubdc");
    comes_back("changed");
}

/* Meanwhile another had its place, and the bitmap forgot. */
static void
a_drive_that_was_away_for_too_long_is_filled_as_a_whole_alone(void **state)
{
    (void)state;
    does(MDADM " -q /dev/md0 --fail /dev/ubdb");
    does(MDADM " -q /dev/md0 --add /dev/ubdc");
    await("degraded", "0");
    await("sync_action", "idle");
    changes();
    refused("disk.raid_readd", back("ubdb", "changed"), FAULT_CONFLICT, "misses no member");
    does(MDADM " -q /dev/md0 --fail /dev/ubdc && " MDADM " -q /dev/md0 --remove /dev/ubdc");
    refused("disk.raid_readd", back("ubdb", "changed"), FAULT_CONFLICT,
            "; done: drive 'ubdb', which failed, was taken out of 'md0'");
    refused("disk.raid_readd", back("ubdb", "changed"), FAULT_CONFLICT, "bitmap remembers");
    comes_back("whole");
}

static void
a_drive_that_ran_alone_stays_out(void **state)
{
    (void)state;
    does(LOSE_IT);
    does(MDADM " -q --stop /dev/md0 && " MDADM " -q --assemble --run /dev/md1 /dev/ubdb");
    does("head -c 100000 /dev/urandom >/dev/md1 && sync && " MDADM " -q --stop /dev/md1");
    does(MDADM " -q --assemble --run /dev/md0 /dev/ubda");
    refused("disk.raid_readd", back("ubdb", "whole"), FAULT_CONFLICT, "ran without the other");
    does(MDADM " --zero-superblock /dev/ubdb && " MDADM " -q /dev/md0 --add /dev/ubdb");
    is_whole();
}

static void
an_array_without_a_bitmap_fills_it_as_a_whole(void **state)
{
    (void)state;
    does(MDADM " -q --grow --bitmap=none /dev/md0");
    does(MDADM " -q /dev/md0 --fail /dev/ubdb");
    changes();
    refused("disk.raid_readd", back("ubdb", "changed"), FAULT_CONFLICT, "no bitmap");
    comes_back("whole");
}

/* The folder has a /sys and a /dev that are the kernel's. */
static int
begin_inside(void **state)
{
    (void)state;
    assert_int_equal(mkdir("/run/test", 0755), 0);
    bench_begin_in("/run/test", "class highest observe\n");
    does("mkdir /run/test/sys /run/test/dev && mount --rbind /sys /run/test/sys && "
         "mount --rbind /dev /run/test/dev");
    bench_root(false);
    return 0;
}

static int
begin(void **state)
{
    (void)state;
    bench_begin("class highest observe\n");
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
main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_array_or_a_drive_that_is_not_there_is_not_found),
        cmocka_unit_test(an_array_that_misses_nobody_or_could_not_takes_none_back),
        cmocka_unit_test(without_a_bitmap_it_is_filled_as_a_whole_or_not_at_all),
        cmocka_unit_test(a_drive_that_was_not_a_member_like_the_others_is_refused),
        cmocka_unit_test(metadata_of_others_is_left_to_them),
        cmocka_unit_test(a_drive_that_says_that_it_fails_is_not_taken_back),
        cmocka_unit_test(a_part_of_a_drive_that_fails_is_not_taken_back),
        cmocka_unit_test(a_drive_that_does_not_answer_is_left_at_the_deadline),
        cmocka_unit_test(one_that_is_a_member_stays_one),
        cmocka_unit_test(a_kernel_of_its_own_shows_what_it_does),
    };
    const struct CMUnitTest inside[] = {
        cmocka_unit_test(a_drive_that_failed_comes_back_and_holds_what_changed),
        cmocka_unit_test(a_drive_that_was_taken_out_does_so_too),
        cmocka_unit_test(a_drive_that_fails_by_its_own_word_stays_out),
        cmocka_unit_test(a_drive_of_another_array_stays_out),
        cmocka_unit_test(a_drive_that_was_away_for_too_long_is_filled_as_a_whole_alone),
        cmocka_unit_test(a_drive_that_ran_alone_stays_out),
        cmocka_unit_test(an_array_without_a_bitmap_fills_it_as_a_whole),
    };
    return kernel_is_ours(argc, argv) ? cmocka_run_group_tests(inside, begin_inside, NULL)
                                      : cmocka_run_group_tests(tests, begin, end);
}
