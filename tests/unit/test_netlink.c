/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of the kernel's that change while it tells them, in a network namespace of the test's own:
 * behind a part that an op's process heard another process makes or removes a link, and the kernel
 * itself marks what it tells from there on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "netlink_wraps.h"
#include "op_fixture.h"

#define PAIRS     40 /* of links: more than three parts of an answer */
#define ADDRESSES 900
#define ALWAYS    1000000

static op_world_t world;

/* What the op's process and the one that changes things share. */
static struct {
    sem_t wanted, done;
    int kind; /* of messages behind which something changes */
    int left; /* so often */
} * change;

ssize_t
__wrap_mnl_socket_recvfrom(const struct mnl_socket *line, void *out, size_t size)
{
    ssize_t got = __real_mnl_socket_recvfrom(line, out, size);
    const struct nlmsghdr *head = out;
    if (got >= (ssize_t)sizeof *head && head->nlmsg_type == change->kind && change->left) {
        change->left--;
        sem_post(&change->wanted);
        sem_wait(&change->done);
    }
    return got;
}

static void
change_things(void)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (bool there = false;; there = !there) {
        sem_wait(&change->wanted);
        if (system(there ? "ip link del tiax" : "ip link add tiax type veth peer name tiay"))
            _exit(1);
        sem_post(&change->done);
    }
}

static int
set_up(void **state)
{
    static pid_t changer;
    change = mmap(NULL, sizeof *change, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (change == MAP_FAILED || sem_init(&change->wanted, 1, 0) || sem_init(&change->done, 1, 0) ||
        unshare(CLONE_NEWNET))
        return -1;
    FILE *ip = popen("ip -batch -", "w");
    for (int i = 0; ip && i < PAIRS; i++)
        fprintf(ip, "link add tia%d type veth peer name tib%d\n", i, i);
    for (int i = 0; ip && i < ADDRESSES; i++)
        fprintf(ip, "addr add 10.%d.%d.%d/32 dev tia%d\n", i / 250, i % 250, i % PAIRS, i % PAIRS);
    if (!ip || pclose(ip))
        return -1;
    changer = fork();
    if (!changer)
        change_things();
    *state = &changer;
    return changer < 0;
}

static int
tear_down(void **state)
{
    kill(*(pid_t *)*state, SIGKILL);
    return waitpid(*(pid_t *)*state, NULL, 0) < 0;
}

static void
let_change(int kind, int times)
{
    change->kind = kind;
    change->left = times;
}

/* Every link of ours stands there once, each with its addresses. */
static void
expect_all(const value_t *links)
{
    int found[2][PAIRS] = {{0}};
    int64_t addresses = 0;
    for (size_t i = 0; i < value_count(links); i++) {
        const value_t *link = value_at(links, i);
        char side = 0;
        int number = 0;
        if (sscanf(value_get_text(link, "name"), "ti%c%d", &side, &number) != 2)
            continue;
        found[side == 'b'][number]++;
        addresses += (int64_t)value_count(value_get(link, "addresses")) +
                     value_get_integer(link, "addresses_left_out");
    }
    for (int i = 0; i < 2 * PAIRS; i++)
        assert_int_equal(found[i / PAIRS][i % PAIRS], 1);
    assert_int_equal(addresses, ADDRESSES);
}

static void
a_list_of_links_that_changes_while_it_is_told_is_asked_for_again(void **state)
{
    (void)state;
    let_change(RTM_NEWLINK, 1);
    CLEANUP(value_destroy) value_t *result = must_run("link.list", given(NULL), &world);
    assert_int_equal(change->left, 0);
    expect_all(value_get(result, "links"));
}

static void
so_is_a_list_of_addresses(void **state)
{
    (void)state;
    let_change(RTM_NEWADDR, 1);
    CLEANUP(value_destroy) value_t *result = must_run("link.list", given(NULL), &world);
    assert_int_equal(change->left, 0);
    expect_all(value_get(result, "links"));
}

static void
one_that_changes_each_time_is_said_to_do_so(void **state)
{
    (void)state;
    let_change(RTM_NEWLINK, ALWAYS);
    must_fail("link.list", given(NULL), &world, FAULT_IO,
              "the links cannot be read: something changed each time");
    assert_true(change->left < ALWAYS - 1);
    let_change(0, 0);
    CLEANUP(value_destroy) value_t *result = must_run("link.list", given(NULL), &world);
    expect_all(value_get(result, "links"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_of_links_that_changes_while_it_is_told_is_asked_for_again),
        cmocka_unit_test(so_is_a_list_of_addresses),
        cmocka_unit_test(one_that_changes_each_time_is_said_to_do_so),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
