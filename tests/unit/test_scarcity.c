/* SPDX-License-Identifier: Apache-2.0 */
/* keys/ where the machine gives less than was asked for. The linker puts our calls in the place of
 * the system's: memory fails at the Nth call, for every N until a case is through, and each time
 * the process ends at once, without a word on anything; a file's calls fail or give less, and that
 * is a fault. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "tests/unit/trust_fixture.h"
#include "tests/unit/scarcity_wraps.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "keys/inclusion.h"
#include "keys/receipts.h"
#include "keys/secret.h"

static long left = -1; /* calls for memory that succeed; none is counted below 0 */

static bool
fails(void)
{
    return left >= 0 && left-- == 0;
}

#define WRAP(type, name, parameters, arguments)          \
    type __wrap_##name parameters                        \
    {                                                    \
        return fails() ? NULL : __real_##name arguments; \
    }
WRAP(void *, malloc, (size_t size), (size))
WRAP(void *, calloc, (size_t count, size_t size), (count, size))
WRAP(void *, realloc, (void *memory, size_t size), (memory, size))
WRAP(void *, reallocarray, (void *memory, size_t count, size_t size), (memory, count, size))
WRAP(char *, strdup, (const char *text), (text))
WRAP(void *, sodium_malloc, (size_t size), (size))

static bool stat_fails, scan_fails;
static ssize_t read_most = -1; /* bytes that a read gives at most */

int
__wrap_fstat(int fd, struct stat *about)
{
    if (stat_fails) {
        errno = EIO;
        return -1;
    }
    return __real_fstat(fd, about);
}

ssize_t
__wrap_read(int fd, void *out, size_t size)
{
    bool less = read_most >= 0 && (size_t)read_most < size;
    return __real_read(fd, out, less ? (size_t)read_most : size);
}

int
__wrap_scandir(const char *path, struct dirent ***list, filter_t filter, entry_order_t order)
{
    if (scan_fails) {
        errno = EIO;
        return -1;
    }
    return __real_scandir(path, list, filter, order);
}

/* Every way through keys/: each of these is run with ever more memory. False where it did not hold.
 */
static bool
loads_a_chain(bench_t *bench)
{
    site_t *site = bench->site;
    const sealed_t *all[] = {&site->root, &site->people, &site->north, &site->south};
    bool good = true;
    CLEANUP(trust_destroy) trust_t *trust = trust_new(&site->id);
    for (size_t i = 0; i < ARRAY_SIZE(all); i++)
        good = good && !trust_add(trust, bytes_slice(all[i]->document), bytes_slice(all[i]->armors),
                                  &bench->fault);
    return good;
}

static bool
checks_an_order(bench_t *bench)
{
    return !check_order(bench, order_of(bench), "pat");
}

static bool
checks_a_grant(bench_t *bench)
{
    return !check_grant(bench, grant_of(bench), site_alert(bench->site));
}

static bool
checks_a_consent_and_a_receipt(bench_t *bench)
{
    hash_t run = hash_of(slice_text("run"));
    consent_wish_t wish = {
        .run = run, .step = "go", .role = ROLE_RESPONDER, .worker = "w1", .target = "w1"};
    sealed_t sealed =
        site_seal_consent(bench->site, site_consent(bench->site, &run, &HASH_ZERO), "pat");
    sealed_t receipt = site_seal_receipt(bench->site, site_receipt(bench->site), "w1");
    CLEANUP(consent_destroy)
    consent_t *consent =
        trust_check_consent(bench->site->trust, bytes_slice(sealed.document),
                            bytes_slice(sealed.armors), &wish, bench->site->now, &bench->fault);
    bool signed_by =
        !receipts_check(bytes_slice(receipt.document), bytes_slice(receipt.armors),
                        machinekey_public(site_key(bench->site, "w1")), NULL, &bench->fault);
    sealed_done(&sealed);
    sealed_done(&receipt);
    return consent && signed_by;
}

static bool
keeps_a_stop(bench_t *bench)
{
    stop_t *stop = site_stop(bench->site, HALT_SITE, "-");
    return !add(bench, site_seal_stop(bench->site, stop, "olaf"));
}

static bool
makes_a_tree_and_a_key(bench_t *bench)
{
    const char *names[65];
    char name[65][8], path[160];
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        snprintf(name[i], sizeof name[i], "w%03zu", i);
        names[i] = name[i];
    }
    CLEANUP(inclusion_destroy)
    inclusion_t *tree =
        inclusion_new("00112233445566778899aabbccddeeff", 2, names, 65, &bench->fault);
    CLEANUP(bytes_destroy) bytes_t *place = bytes_new();
    place_t read;
    inclusion_add_place(tree, 64, "w064", place);
    snprintf(path, sizeof path, "%s/key", site_folder(bench->site));
    unlink(path);
    CLEANUP(machinekey_destroy) machinekey_t *key = machinekey_make(path, &bench->fault);
    unlink(path);
    return key && !place_decode(&read, bytes_slice(place), &bench->fault);
}

/* How the child ended that had memory for so many calls. */
static int
run_with(bench_t *bench, bool (*works)(bench_t *bench), long calls)
{
    int status;
    pid_t child = fork();
    assert_true(child >= 0);
    if (!child) {
        struct rlimit no_core = {0, 0};
        setrlimit(RLIMIT_CORE, &no_core);
        signal(SIGABRT, SIG_DFL);
        int nowhere = open("/dev/null", O_WRONLY);
        dup2(nowhere, STDERR_FILENO);
        left = calls;
        bool good = works(bench);
        left = -1;
        _exit(good ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void
out_of_memory_ends_the_process_wherever_it_happens(void **state)
{
    static bool (*const cases[])(bench_t * bench) = {
        loads_a_chain, checks_an_order,        checks_a_grant, checks_a_consent_and_a_receipt,
        keeps_a_stop,  makes_a_tree_and_a_key,
    };
    bench_t *bench = *state;
#ifdef NDEBUG
    skip(); /* it is an assert that ends the process */
#endif
    site_folder(bench->site); /* the children's too, or each makes one of its own */
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        long calls = 0;
        int status;
        while ((status = run_with(bench, cases[i], calls)) != 0) {
            assert_true(WIFSIGNALED(status));
            assert_int_equal(WTERMSIG(status), SIGABRT);
            calls++;
        }
        assert_true(calls > 10);
    }
}

static void
a_secret_whose_file_gives_less_is_none(void **state)
{
    bench_t *bench = *state;
    uint8_t secret[SECRET_BYTES];
    char path[160];
    snprintf(path, sizeof path, "%s/secret", site_folder(bench->site));
    assert_fine(bench, secret_make(path, secret, &bench->fault));
    stat_fails = true;
    assert_fault(bench, secret_load(path, secret, &bench->fault), FAULT_IO);
    stat_fails = false;
    for (read_most = 0; read_most < 65; read_most++)
        assert_fault(bench, secret_load(path, secret, &bench->fault), FAULT_KEY);
    read_most = -1;
    assert_fine(bench, secret_load(path, secret, &bench->fault));
    unlink(path);
}

static void
put(const char *folder, const char *name, const bytes_t *bytes)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_int_equal(file_write(path, bytes_slice(bytes), 0644, NULL), 0);
}

/* In whatever pieces its files come, a site is the same. */
static void
a_site_folder_that_is_read_in_pieces_or_not_at_all(void **state)
{
    bench_t *bench = *state;
    site_t *site = bench->site;
    char folder[] = "/tmp/tocsin-scarcity-XXXXXX", command[64];
    assert_non_null(mkdtemp(folder));
    put(folder, "root.1", site->root.document);
    put(folder, "root.1.sigs", site->root.armors);
    put(folder, "people", site->people.document);
    put(folder, "people.sigs", site->people.armors);
    for (read_most = 1; read_most < 100; read_most += 33) {
        CLEANUP(trust_destroy) trust_t *trust = trust_new(&site->id);
        assert_fine(bench, trust_load(trust, folder, &bench->fault));
        assert_non_null(trust_people(trust));
    }
    read_most = -1;
    scan_fails = true;
    CLEANUP(trust_destroy) trust_t *trust = trust_new(&site->id);
    assert_fault(bench, trust_load(trust, folder, &bench->fault), FAULT_IO);
    scan_fails = false;
    snprintf(command, sizeof command, "rm -r %s", folder);
    assert_int_equal(system(command), 0);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(out_of_memory_ends_the_process_wherever_it_happens),
        TEST(a_secret_whose_file_gives_less_is_none),
        TEST(a_site_folder_that_is_read_in_pieces_or_not_at_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
