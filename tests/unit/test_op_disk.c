/* SPDX-License-Identifier: Apache-2.0 */
#include "op_bench.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>

static value_t *
at(const char *path)
{
    return texts("path", path, NULL);
}

static void
mounts_are_told_with_their_sizes(void **state)
{
    (void)state;
    CLEANUP(value_destroy) value_t *told = gives("disk.mounts", value_map());
    const value_t *root = entry_of(value_get(told, "mounts"), "path", "/");
    assert_non_null(root);
    assert_true(value_get_integer(root, "total_bytes") > 0);
    assert_null(entry_of(value_get(told, "mounts"), "path", "/proc"));
}

static void
a_mount_over_the_network_is_not_asked(void **state)
{
    (void)state;
    bench_root(false);
    put_file("proc/self/mountinfo",
             "22 1 0:20 / /far\\040away rw,relatime shared:1 - nfs4 server:/export rw\n"
             "23 1 8:1 / / rw - ext4 /dev/vda ro\n"
             "24 1 0:5 /\n"
             "25 1 8:2 / /tmp rw - ext4 /dev/vdb rw,errors=remount-ro,emergency_ro\n"
             "26 1 8:3 / /etc rw - ext4 /dev/vdc rw,errors=remount-ro,rofs=ro\n",
             0644);
    CLEANUP(value_destroy) value_t *told = gives("disk.mounts", value_map());
    bench_root(true);
    const value_t *far = entry_of(value_get(told, "mounts"), "path", "/far away");
    assert_string_equal(value_get_text(far, "type"), "nfs4");
    assert_null(value_get(far, "total_bytes"));
    assert_true(value_get_bool(entry_of(value_get(told, "mounts"), "path", "/"), "read_only"));
    assert_true(value_get_bool(entry_of(value_get(told, "mounts"), "path", "/tmp"), "read_only"));
    assert_false(value_get_bool(entry_of(value_get(told, "mounts"), "path", "/etc"), "read_only"));
    assert_int_equal(value_count(value_get(told, "mounts")), 4);
}

/* One that answers with an error is mounted all the same; what is gone is none. */
static void
a_mount_whose_drive_is_dead_is_told_without_sizes(void **state)
{
    char text[256];
    (void)state;
    assert_int_equal(symlink("dead", here("dead")), 0);
    snprintf(text, sizeof text,
             "22 1 8:1 / %s rw - xfs /dev/vdb rw\n23 1 8:2 / /no/such rw - xfs /dev/vdc rw\n",
             here("dead"));
    bench_root(false);
    put_file("proc/self/mountinfo", text, 0644);
    CLEANUP(value_destroy) value_t *told = gives("disk.mounts", value_map());
    bench_root(true);
    const value_t *dead = entry_of(value_get(told, "mounts"), "path", here("dead"));
    assert_non_null(dead);
    assert_string_equal(value_get_text(dead, "device"), "/dev/vdb");
    assert_null(value_get(dead, "total_bytes"));
    assert_int_equal(value_count(value_get(told, "mounts")), 1);
}

/* Any user may mount, under any name (fusermount3(1)): who does so often hides no other. */
static void
mounts_with_long_names_leave_no_others_out_of_sight(void **state)
{
    char path[900];
    (void)state;
    CLEANUP(bytes_destroy) bytes_t *table = bytes_new();
    memset(path, 'a', sizeof path);
    for (int i = 0; i < 250; i++)
        bytes_addf(table, "22 1 0:%d / /%.*s%d rw - fuse.x %.*s rw\n", i, (int)sizeof path, path, i,
                   (int)sizeof path, path);
    bytes_add_text(table, "23 1 8:1 / / ro - ext4 /dev/vda ro\n");
    bench_root(false);
    put_file("proc/self/mountinfo", bytes_text(table), 0644);
    CLEANUP(value_destroy) value_t *told = gives("disk.mounts", value_map());
    bench_root(true);
    assert_non_null(entry_of(value_get(told, "mounts"), "path", "/"));
}

static void
folders_with_the_most_entries_come_first(void **state)
{
    char name[64];
    (void)state;
    for (int i = 0; i < 30; i++) {
        snprintf(name, sizeof name, "tree/%s/f%d", i < 20 ? "many" : "few", i);
        put_file(name, "", 0600);
    }
    CLEANUP(value_destroy)
    value_t *told = gives("disk.inodes", and_integer(at(here("tree")), "count", 1));
    const value_t *first = value_at(value_get(told, "folders"), 0);
    assert_int_equal(value_count(value_get(told, "folders")), 1);
    assert_string_equal(value_get_text(first, "path"), here("tree/many"));
    assert_int_equal(value_get_integer(first, "entries"), 20);
    assert_int_equal(value_get_integer(told, "total"),
                     value_get_integer(told, "used") + value_get_integer(told, "free"));
    refused("disk.inodes", at(here("none")), FAULT_NOT_FOUND, "none");
}

static void
a_filesystem_that_fills_says_when_it_is_full(void **state)
{
    fault_t fault;
    (void)state;
    mkdir(here("small"), 0755);
    if (mount("tmpfs", here("small"), "tmpfs", 0, "size=64m"))
        skip();
    pid_t writer = fork();
    if (writer == 0) {
        int fd = open(here("small/log"), O_CREAT | O_WRONLY, 0600);
        for (int i = 1; i <= 240; i++) { /* not full even then */
            poll(NULL, 0, 50);
            if (posix_fallocate(fd, 0, i << 18))
                break;
        }
        _exit(0);
    }
    CLEANUP(value_destroy)
    value_t *grows = gives("disk.growth", and_integer(at(here("small")), "seconds", 2));
    kill(writer, SIGKILL);
    waitpid(writer, NULL, 0);
    CLEANUP(value_destroy)
    value_t *rests = gives("disk.growth", and_integer(at(here("small")), "seconds", 1));
    CLEANUP(value_destroy)
    value_t *late =
        run_within("disk.growth", and_integer(at(here("small")), "seconds", 60), 1, &fault);
    umount(here("small"));
    assert_true(value_get_integer(grows, "grown_bytes") > 0);
    assert_true(value_get_integer(grows, "full_in_s") > 0);
    assert_int_equal(value_get_integer(rests, "grown_bytes"), 0);
    assert_null(value_get(rests, "full_in_s"));
    assert_null(late);
    assert_int_equal(fault.code, FAULT_TIMEOUT);
}

static void
drives_are_looked_at_twice(void **state)
{
    (void)state;
    CLEANUP(value_destroy) value_t *own = gives("disk.io", value_map());
    bench_root(false);
    mkdir(here("sys"), 0755);
    mkdir(here("sys/block"), 0755);
    mkdir(here("sys/block/sda"), 0755);
    mkdir(here("sys/block/cciss!c0d0"), 0755);
    put_file("proc/diskstats",
             "   8 0 sda 10 0 80 5 20 0 160 15 3 20 20 0 0 0 0 0 0\n"
             "   8 1 sda1 10 0 80 5 20 0 160 15 0 20 20 0 0 0 0 0 0\n"
             " 104 0 cciss/c0d0 1 0 8 1 0 0 0 0 0 1 1 0 0 0 0 0 0\n"
             "   7 0 loop0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n",
             0644);
    CLEANUP(value_destroy) value_t *told = gives("disk.io", value_map());
    bench_root(true);
    const value_t *drives = value_get(told, "drives");
    assert_int_equal(value_count(drives), 2);
    assert_int_equal(value_get_integer(entry_of(drives, "device", "sda"), "in_flight"), 3);
    assert_non_null(entry_of(drives, "device", "cciss/c0d0"));
    assert_non_null(value_get(own, "drives"));
}

static void
arrays_tell_what_is_missing(void **state)
{
    (void)state;
    CLEANUP(value_destroy) value_t *own = gives("disk.raid", value_map());
    assert_non_null(value_get(own, "arrays"));
    static const char *const files[][2] = {
        {"level", "raid1\n"},           {"array_state", "clean\n"},
        {"raid_disks", "2\n"},          {"degraded", "1\n"},
        {"sync_action", "recover\n"},   {"sync_completed", "250 / 1000\n"},
        {"mismatch_cnt", "0\n"},        {"dev-sda1/state", "in_sync\n"},
        {"dev-sdb1/state", "faulty\n"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
        char name[128];
        snprintf(name, sizeof name, "sys/block/md0/md/%s", files[i][0]);
        put_file(name, files[i][1], 0644);
    }
    bench_root(false);
    CLEANUP(value_destroy) value_t *told = gives("disk.raid", value_map());
    bench_root(true);
    const value_t *array = value_at(value_get(told, "arrays"), 0);
    assert_string_equal(value_get_text(array, "name"), "md0");
    assert_true(value_get_bool(array, "degraded"));
    assert_int_equal(value_get_integer(array, "missing"), 1);
    assert_int_equal(value_get_integer(array, "sync_percent"), 25);
    const value_t *bad = entry_of(value_get(array, "members"), "device", "sdb1");
    assert_string_equal(value_get_text(bad, "state"), "faulty");
}

/* No drive of a virtual machine tells its health: what smartctl wrote of two real ones is given by
 * a program in its place. */
static void
a_drive_tells_its_health(void **state)
{
    (void)state;
    bench_root(false);
    put_file("usr/sbin/smartctl",
             "#!/bin/cat\n"
             "{\"smartctl\":{\"exit_status\":0}}\n",
             0755);
    refused("disk.health", texts("device", "sda", NULL), FAULT_FORMAT, "in JSON");
    put_file("usr/sbin/smartctl",
             "#!/bin/sh\n"
             "[ \"$6\" = /dev/sda ] && echo '{\"model_name\":\"ST4000NM\",\"serial_number\":\"Z1\","
             "\"smart_status\":{\"passed\":false},\"temperature\":{\"current\":41},"
             "\"power_on_time\":{\"hours\":30123},\"ata_smart_attributes\":{\"table\":["
             "{\"id\":5,\"raw\":{\"value\":16}},{\"id\":197,\"raw\":{\"value\":8}}]}}' && exit 8\n"
             "[ \"$6\" = /dev/nvme0 ] && echo '{\"model_name\":\"SSD\",\"serial_number\":\"S\","
             "\"smart_status\":{\"passed\":true},\"nvme_smart_health_information_log\":"
             "{\"percentage_used\":3,\"media_errors\":0,\"available_spare\":100}}' && exit 0\n"
             "echo '{\"smartctl\":{\"messages\":[{\"string\":\"No such device\"}]}}'; exit 2\n",
             0755);
    CLEANUP(value_destroy) value_t *sda = gives("disk.health", texts("device", "sda", NULL));
    CLEANUP(value_destroy) value_t *nvme = gives("disk.health", texts("device", "nvme0", NULL));
    refused("disk.health", texts("device", "sdz", NULL), FAULT_FAILED, "No such device");
    bench_root(true);
    assert_false(value_get_bool(sda, "passed"));
    assert_int_equal(value_get_integer(sda, "reallocated"), 16);
    assert_int_equal(value_get_integer(sda, "pending"), 8);
    assert_int_equal(value_get_integer(sda, "power_on_hours"), 30123);
    assert_true(value_get_bool(nvme, "passed"));
    assert_int_equal(value_get_integer(nvme, "spare_percent"), 100);
    if (access("/usr/sbin/smartctl", X_OK))
        refused("disk.health", texts("device", "sda", NULL), FAULT_NOT_FOUND, "has no");
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
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mounts_are_told_with_their_sizes),
        cmocka_unit_test(a_mount_over_the_network_is_not_asked),
        cmocka_unit_test(a_mount_whose_drive_is_dead_is_told_without_sizes),
        cmocka_unit_test(mounts_with_long_names_leave_no_others_out_of_sight),
        cmocka_unit_test(folders_with_the_most_entries_come_first),
        cmocka_unit_test(a_filesystem_that_fills_says_when_it_is_full),
        cmocka_unit_test(drives_are_looked_at_twice),
        cmocka_unit_test(arrays_tell_what_is_missing),
        cmocka_unit_test(a_drive_tells_its_health),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
