/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/file.h"
#include "worker/policy.h"

#define WHOLE                                                                                \
    "# what this machine allows\nallow disk.usage\nallow file.remove\nallow file.truncate\n" \
    "allow service.restart\nclass highest change\nread /srv\nspool /var/log/app\n"           \
    "spool /var/log/app/deep\nrate file.remove 2 60\nservice web pidfile /run/web.pid\n"     \
    "service web start /usr/sbin/web -c \"/etc/my web.conf\"\n"

static char folder[64], path[96];

static int
set_up(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/test_policy.XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/policy", folder);
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder);
}

static policy_t *
load(const char *text, fault_t *fault)
{
    assert_int_equal(file_write(path, slice_text(text), 0600, fault), 0);
    return policy_load(path, fault);
}

static policy_t *
whole(void)
{
    fault_t fault = {0};
    policy_t *self = load(WHOLE, &fault);
    if (!self)
        fail_msg("%s", fault.text);
    return self;
}

static fault_code_t
answer(const policy_t *self, const char *op, const char *key, const char *text)
{
    fault_t fault = {0};
    CLEANUP(value_destroy) value_t *arguments = value_map();
    value_set_text(arguments, key, text);
    return policy_allows(self, op_find(op), arguments, (wall_t){0}, &fault) ? fault.code
                                                                            : FAULT_NONE;
}

#define HOST_KEY "AAAAC3NzaC1lZDI1NTE5AAAAIJB2rB7NNGBdqEtkQQCNAhXQ1OcXCR0f5OU0nvKz1+Aj"
#define EDGE     "device edge frr ops 192.0.2.2 22 password word host-key ssh-ed25519 " HOST_KEY "\n"

/* What a policy may not say, and words of what is said of it. */
static const struct {
    const char *text, *words;
} wrong_lines[] = {
    {"allow disk.usage\nforbid x\n", "policy:2: unknown key 'forbid'"},
    {"allow shell.run\n", "policy:1: there is no op 'shell.run': `tocsin op list`"},
    {"allow\n", "policy:1: "},
    {"allow disk.usage folder=/x\n", "policy:1: 'folder=/x' is no ARGUMENT=VALUE"},
    {"allow disk.usage path=x\n", "policy:1: 'path=x' is no ARGUMENT=VALUE"},
    {"allow disk.usage path=\n", "policy:1: 'path=' is no ARGUMENT=VALUE"},
    {"allow net.tcp port=9..1\n", "policy:1: 'port=9..1' is no ARGUMENT=VALUE"},
    {"allow net.tcp port=65536..70000\n", "policy:1: 'port=65536..70000' is no ARG"},
    {"allow net.tcp port=80 port=443\n", "policy:1: 'port' stands there twice"},
    {"allow net.tcp address=10.0.0.1/8\n", "policy:1: 'address=10.0.0.1/8' is no ARG"},
    {"allow process.signal name=app signal=term\n", "policy:1: 'signal=term' is no ARG"},
    {"allow service.start service=Web\n", "policy:1: 'service=Web' is no ARG"},
    {"allow service.start service=web\n", "allow service.start: the policy of this machine"},
    {"allow site.run command=renew\n", "has no command 'renew'"},
    {"allow snmp.get address=10.9.0.0/16 secret=switches\n", "has no secret 'switches'"},
    {"secret switches file /s\nallow snmp.get secret=switches\n",
     "snmp.get must say which: `allow snmp.get address=...`"},
    {"secret switches file /s\nallow snmp.walk secret=switches oid=1.3.6.1*\n",
     "snmp.walk must say which: `allow snmp.walk address=...`"},
    {"class highest mayhem\n", "policy:1: "},
    {"spool var/log\n", "policy:1: 'var/log' is not a normal absolute path"},
    {"spool /var/log/\n", "policy:1: "},
    {"expendable /tmp\n", "policy:1: such a line is `expendable PATH older-than DURATION`"},
    {"expendable /tmp older-than 59s\n", "policy:1: expected 'expendable PATH older-than"},
    {"expendable /tmp older-than 3651d\n", "policy:1: expected 'expendable PATH older-than"},
    {"expendable /tmp younger-than 7d\n", "policy:1: expected 'expendable PATH older-than"},
    {"expendable tmp older-than 7d\n", "policy:1: 'tmp' is not a normal absolute path"},
    {"expendable / older-than 7d\n", "policy:1: all of '/' is not expendable"},
    {"expendable /tmp older-than 7d\nexpendable /tmp older-than 8d\n",
     "policy:2: '/tmp' stands there twice"},
    {"rate disk.usage 1 1\n", "policy:1: 'disk.usage' changes nothing"},
    {"rate file.remove 0 1\n", "policy:1: "},
    {"class highest change mon-fri\n", "policy:1: 'class highest' is"},
    {"runs Disk 1 1\n", "policy:1: 'Disk' is neither a playbook's name"},
    {"exceed Khoa\n", "policy:1: 'Khoa' is not a name"},
    {"window mon-fri\n", "policy:1: "},
    {"window mon-fri 8-18\n", "policy:1: 'mon-fri 8-18' are no days"},
    {"blackout someday 08:00-18:00\n", "policy:1: "},
    {"blackout host.reboot sun 02:00-04:00\n",
     "policy:1: such a line is `blackout DAYS HH:MM-HH:MM`"},
    {"window host.rebot sun 02:00-04:00\n", "policy:1: there is no op 'host.rebot' that"},
    {"window host.uptime sun 02:00-04:00\n", "policy:1: there is no op 'host.uptime' that"},
    {"window host.reboot sun 2-4\n", "policy:1: 'sun 2-4' are no days"},
    {"allow host.reboot\nwindow sun 02:00-04:00\n",
     "allow host.reboot must say when: `window host.reboot DAYS HH:MM-HH:MM`"},
    {"orders change\n", "policy:1: "},
    {"orders change 0\n", "policy:1: 'orders' is a class and how many people"},
    {"orders mayhem 2\n", "policy:1: "},
    {"orders change 3\norders change 2\n", "policy:2: 'change' stands there twice"},
    {"secret a file /k\nsecret a file /l\n", "policy:2: 'a' stands there twice"},
    {"service a start /a\nservice a start /b\n", "policy:2: 'start' stands there twice"},
    {"service a bless /a\n", "policy:1: a service has one pidfile"},
    {"service a reload /a\nservice a reload /b\n", "policy:2: 'reload' stands there twice"},
    {"approvals change 17\n", "policy:1: 'approvals' is a class and how many people"},
    {"break-glass always\n", "policy:1: 'break-glass' is 'never'"},
    {"secret switches file keys/switches\n", "policy:1: expected 'secret NAME file PATH'"},
    {"quarantine var/q\n", "policy:1: 'var/q' is not a normal absolute path"},
    {"evidence /e\nevidence /f\n", "policy:2: 'evidence' stands there twice"},
    {"allow process.signal\n", "process.signal must say which"},
    {"allow user.lock user?=guest-*\n", "user.lock must say which: `allow user.lock user=...`"},
    {"allow process.signal signal=TERM\n", "process.signal must say which"},
    {"allow sysctl.set key=net.ipv4.tcp_syncookies\n", "sysctl.set must say which"},
    {"allow file.quarantine\n", "file.quarantine must say which"},
    {"allow user.lock\n", "user.lock must say which"},
    {"allow cron.disable\n", "cron.disable must say which"},
    {"management 10.0.0.1/8\n", "policy:1: '10.0.0.1/8' is not an IP address or network"},
    {"device edge frr ops 192.0.2.2 22 password word\n",
     "policy:1: such a line is `device NAME DIALECT USER"},
    {"device edge frr ops 192.0.2.2 22 password word trust ssh-ed25519 " HOST_KEY "\n",
     "policy:1: 'device NAME DIALECT"},
    {"device edge vms ops 192.0.2.2 22 password word host-key ssh-ed25519 " HOST_KEY "\n",
     "policy:1: there is no dialect 'vms'"},
    {"device edge frr ops 192.0.2.2 0 password word host-key ssh-ed25519 " HOST_KEY "\n",
     "policy:1: 'ops 192.0.2.2 0' are no user, address and port"},
    {"device edge frr ops 192.0.2.2 22 password Word host-key ssh-ed25519 " HOST_KEY "\n",
     "policy:1: 'Word' is not a name"},
    {"device edge frr ops 192.0.2.2 22 password word host-key ssh-rsa " HOST_KEY "\n",
     "policy:1: 'ssh-rsa AAAAC3NzaC1lZDI1NTE5...' is no host key"},
    {"device edge frr ops 192.0.2.2 22 password word host-key ssh-dss AAAA\n",
     "policy:1: 'ssh-dss AAAA...' is no host key"},
    {EDGE, "device 'edge' needs a line secret 'word'"},
    {"secret word file /w\n" EDGE EDGE, "policy:3: 'edge' stands there twice"},
    {"allow device.show\n", "device.show must say which"},
    {"allow device.shut device=edge\n", "device.shut must say which"},
    {"service web start nginx\n", "policy:1: "},
    {"service web bless /bin/x\n", "policy:1: "},
    {"service web pidfile /run/web.pid\n", "needs a pidfile and a start command"},
};

static void
wrong_lines_are_named_with_file_and_line(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(wrong_lines); i++) {
        fault_t fault = {0};
        assert_null(load(wrong_lines[i].text, &fault));
        if (fault.code != FAULT_CONFIG || !strstr(fault.text, wrong_lines[i].words))
            fail_msg("%s", fault.text);
    }
}

static void
an_empty_policy_allows_nothing__eff_op_not_in_policy(void **state)
{
    fault_t fault = {0};
    (void)state;
    CLEANUP(policy_destroy) policy_t *self = load("", &fault);
    assert_int_equal(policy_highest(self, (wall_t){0}), CLASS_OBSERVE);
    assert_int_equal(answer(self, "disk.usage", "path", "/"), FAULT_POLICY);
    CLEANUP(policy_destroy) policy_t *other = whole();
    assert_int_equal(answer(other, "disk.largest", "path", "/srv"), FAULT_POLICY);
}

static fault_code_t
answer_tcp(const policy_t *self, const char *address, int64_t port)
{
    fault_t fault = {0};
    CLEANUP(value_destroy) value_t *arguments = value_map();
    value_set_text(arguments, "address", address);
    value_set_integer(arguments, "port", port);
    return policy_allows(self, op_find("net.tcp"), arguments, (wall_t){0}, &fault) ? fault.code
                                                                                   : FAULT_NONE;
}

static void
an_allow_line_may_say_what_arguments_are(void **state)
{
    fault_t fault = {0};
    (void)state;
    CLEANUP(policy_destroy)
    policy_t *self = load("allow net.tcp address=db* port=5432..5433\nallow net.tcp port=80\n"
                          "allow net.tcp address=10.9.1.0/24\nallow net.tcp address=2001:db8::1\n"
                          "allow disk.usage path=/srv/a\nread /srv\n",
                          &fault);
    assert_non_null(self);
    assert_int_equal(answer_tcp(self, "db1.example", 5433), FAULT_NONE);
    assert_int_equal(answer_tcp(self, "db1.example", 5434), FAULT_POLICY);
    assert_int_equal(answer_tcp(self, "web1.example", 5432), FAULT_POLICY);
    assert_int_equal(answer_tcp(self, "web1.example", 80), FAULT_NONE);
    assert_int_equal(answer_tcp(self, "10.9.1.7", 22), FAULT_NONE);
    assert_int_equal(answer_tcp(self, "10.9.2.7", 22), FAULT_POLICY);
    assert_int_equal(answer_tcp(self, "10.9.1.7.example", 22), FAULT_POLICY);
    assert_int_equal(answer_tcp(self, "2001:db8::1", 22), FAULT_NONE);
    assert_int_equal(answer_tcp(self, "2001:db8::2", 22), FAULT_POLICY);
    assert_int_equal(answer(self, "disk.usage", "path", "/srv/a/b"), FAULT_NONE);
    assert_int_equal(answer(self, "disk.usage", "path", "/srv/b"), FAULT_POLICY);
}

static fault_code_t
answer_isolate(const policy_t *self, const char *name_server, const char *time_server)
{
    fault_t fault = {0};
    CLEANUP(value_destroy) value_t *arguments = value_map();
    value_set_integer(arguments, "seconds", 60);
    if (name_server)
        value_set_text(arguments, "name_server", name_server);
    if (time_server)
        value_set_text(arguments, "time_server", time_server);
    return policy_allows(self, op_find("host.isolate"), arguments, (wall_t){0}, &fault)
               ? fault.code
               : FAULT_NONE;
}

static void
what_an_allow_line_names_must_be_given_unless_it_says_where_given(void **state)
{
    fault_t fault = {0};
    (void)state;
    CLEANUP(policy_destroy)
    policy_t *self = load("class highest change\n"
                          "allow host.isolate name_server=10.9.0.0/16 time_server?=10.9.0.1\n",
                          &fault);
    assert_non_null(self);
    assert_int_equal(answer_isolate(self, "10.9.0.53", "10.9.0.1"), FAULT_NONE);
    assert_int_equal(answer_isolate(self, "10.9.0.53", NULL), FAULT_NONE);
    assert_int_equal(answer_isolate(self, "10.9.0.53", "10.9.0.2"), FAULT_POLICY);
    assert_int_equal(answer_isolate(self, NULL, "10.9.0.1"), FAULT_POLICY);
    assert_int_equal(answer_isolate(self, NULL, NULL), FAULT_POLICY);
}

/* By its one line, or by two that differ in what they do not take. */
static void
what_does_not_fit_an_allow_line_is_named(void **state)
{
    fault_t fault = {0};
    (void)state;
    CLEANUP(policy_destroy)
    policy_t *self = load("class highest change\nallow net.tcp port=80\nallow net.tcp port=443\n"
                          "allow net.tcp address=127.0.0.1\nallow disk.usage path=/srv\n"
                          "allow host.isolate seconds=1..60 name_server=10.9.0.1\nread /\n",
                          &fault);
    assert_non_null(self);
    const struct {
        const char *op, *words;
    } rows[] = {
        {"disk.usage", "does not allow disk.usage with path=/var"},
        {"host.isolate", "does not allow host.isolate without name_server"},
        {"net.tcp", "does not allow net.tcp on what its arguments name"},
    };
    CLEANUP(value_destroy) value_t *arguments = value_map();
    value_set_text(arguments, "path", "/var");
    value_set_text(arguments, "address", "192.0.2.1");
    value_set_integer(arguments, "port", 22);
    value_set_integer(arguments, "seconds", 60);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        assert_int_equal(policy_allows(self, op_find(rows[i].op), arguments, (wall_t){0}, &fault),
                         -1);
        if (!strstr(fault.text, rows[i].words))
            fail_msg("%s", fault.text);
    }
    value_set_integer(arguments, "seconds", 61);
    value_set_text(arguments, "name_server", "10.9.0.1");
    assert_int_equal(policy_allows(self, op_find("host.isolate"), arguments, (wall_t){0}, &fault),
                     -1);
    assert_non_null(strstr(fault.text, "with seconds=61"));
}

static void
it_is_told_without_its_paths(void **state)
{
    CLEANUP(policy_destroy) policy_t *self = whole();
    CLEANUP(memory_free) allowance_t *told = memory_new(1, sizeof *told);
    (void)state;
    policy_tell(self, told);
    assert_int_equal(told->highest, CLASS_CHANGE);
    assert_int_equal(told->op_count, 4);
    assert_string_equal(told->ops[0], "disk.usage");
    assert_string_equal(told->ops[3], "service.restart");
}

static void
what_is_worse_there_is_told_and_what_site_run_may_execute(void **state)
{
    fault_t fault = {0};
    (void)state;
    CLEANUP(policy_destroy)
    policy_t *self = load("class highest change\nallow disk.usage\nallow file.remove\n"
                          "class file.remove destructive\nclass disk.usage observe\n"
                          "class disk.usage change\nclass disk.largest destructive\n"
                          "exec renew class change timeout 9 /bin/true {domain:address}\n"
                          "exec 10 class destructive timeout 9 /bin/true\n"
                          "exec 9 class change timeout 9 /bin/true\n"
                          "exec other class change timeout 9 /bin/true\n"
                          "allow site.run command=renew with=domain=a*\n"
                          "allow site.run command=10\nallow site.run command=9*\n",
                          &fault);
    if (!self)
        fail_msg("%s", fault.text);
    CLEANUP(memory_free) allowance_t *told = memory_new(1, sizeof *told);
    policy_tell(self, told);
    assert_int_equal(told->worse.count, 2);
    assert_string_equal(told->worse.at[0].name, "disk.usage");
    assert_int_equal(told->worse.at[0].class_, CLASS_CHANGE);
    assert_int_equal(told->worse.at[1].class_, CLASS_DESTRUCTIVE);
    assert_int_equal(told->commands.count, 3);
    assert_string_equal(told->commands.at[0].name, "9");
    assert_string_equal(told->commands.at[1].name, "10");
    assert_string_equal(told->commands.at[2].name, "renew");
    text_copy(told->worker, sizeof told->worker, "w1");
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    CLEANUP(memory_free) allowance_t *read = memory_new(1, sizeof *read);
    allowance_encode(told, text);
    if (allowance_decode(read, bytes_slice(text), &fault))
        fail_msg("%s", fault.text);
    assert_int_equal(allowance_classes_find(&read->commands, "10")->class_, CLASS_DESTRUCTIVE);
    assert_null(allowance_classes_find(&read->commands, "other"));
}

static char heard[2048]; /* faults, a line each */

static void
hear(const char *text)
{
    size_t used = strlen(heard);
    snprintf(heard + used, sizeof heard - used, "%s\n", text);
}

/* What is told of a policy that does not load; the last word is told. */
static void
tells_faults(const char *text, const char *const told[], const char *last)
{
    fault_t fault = {0};
    config_faults_t faults = {.say = hear};
    assert_int_equal(file_write(path, slice_text(text), 0600, NULL), 0);
    heard[0] = '\0';
    assert_null(policy_load_telling(path, &faults, &fault));
    assert_int_equal(fault.code, FAULT_CONFIG);
    assert_non_null(strstr(fault.text, last));
    for (size_t i = 0; told[i]; i++)
        if (!strstr(heard, told[i]))
            fail_msg("'%s' is wanted: %s", told[i], heard);
}

static void
who_looks_is_told_each_fault(void **state)
{
    static const char *const lines[] = {":1: unknown key 'clas'", ":2: ", ":4: a quote has no end",
                                        NULL};
    static const char *const lacks[] = {"service 'web' needs a pidfile",
                                        "device 'edge' needs a line secret",
                                        "allow host.reboot must say when", NULL};
    (void)state;
    tells_faults("clas highest change\nallow nothing.here\nallow disk.usage\nread \"/var\n", lines,
                 ": 3 faults: nothing would start");
    tells_faults("service web start /bin/true\nallow host.reboot\n" EDGE, lacks,
                 ": 3 faults: nothing would start");
}

static void
a_class_above_the_highest_is_refused(void **state)
{
    fault_t fault = {0};
    (void)state;
    CLEANUP(policy_destroy) policy_t *self = load("allow file.remove\nspool /var/log\n", &fault);
    assert_int_equal(answer(self, "file.remove", "path", "/var/log/a.1"), FAULT_CLASS);
}

static void
paths_lie_below_what_the_policy_names(void **state)
{
    (void)state;
    CLEANUP(policy_destroy) policy_t *self = whole();
    assert_int_equal(answer(self, "disk.usage", "path", "/srv"), FAULT_NONE);
    assert_int_equal(answer(self, "disk.usage", "path", "/var/log/app/x"), FAULT_NONE);
    assert_int_equal(answer(self, "disk.usage", "path", "/"), FAULT_POLICY);
    assert_int_equal(answer(self, "disk.usage", "path", "/srv2"), FAULT_POLICY);
    assert_int_equal(answer(self, "file.truncate", "path", "/var/log/app/x.log"), FAULT_NONE);
    assert_int_equal(answer(self, "file.truncate", "path", "/var/log/app"), FAULT_POLICY);
    assert_int_equal(answer(self, "file.truncate", "path", "/srv/x.log"), FAULT_POLICY);
    assert_int_equal(answer(self, "file.remove", "path", "/var/log/app/x.log.1"), FAULT_NONE);
    assert_int_equal(answer(self, "file.remove", "path", "/var/log/app/x.log"), FAULT_POLICY);
    assert_string_equal(policy_spool(self, "/var/log/app/deep/x"), "/var/log/app/deep");
    assert_null(policy_spool(self, "/srv/x"));
}

static void
what_is_expendable_is_named_with_its_age(void **state)
{
    uint64_t age_s = 0;
    fault_t fault = {0};
    (void)state;
    CLEANUP(policy_destroy)
    policy_t *self = load("class highest change\nallow file.remove\nallow file.remove_aged\n"
                          "allow file.stat\nexpendable /var/lib/php older-than 12h\n"
                          "expendable /var/lib/php/old older-than 60s\nspool /var/log\n",
                          &fault);
    assert_int_equal(answer(self, "file.remove_aged", "path", "/var/lib/php"), FAULT_NONE);
    assert_int_equal(answer(self, "file.remove_aged", "path", "/var/lib/php/a/b"), FAULT_NONE);
    assert_int_equal(answer(self, "file.remove_aged", "path", "/var/lib/php7"), FAULT_POLICY);
    assert_int_equal(answer(self, "file.remove_aged", "path", "/var/log"), FAULT_POLICY);
    assert_int_equal(answer(self, "file.remove", "path", "/var/lib/php/sess_1"), FAULT_NONE);
    assert_int_equal(answer(self, "file.remove", "path", "/var/lib/php"), FAULT_POLICY);
    assert_int_equal(answer(self, "file.remove", "path", "/var/log/a.1"), FAULT_NONE);
    assert_int_equal(answer(self, "file.stat", "path", "/var/lib/php/sess_1"), FAULT_POLICY);
    assert_string_equal(policy_expendable(self, "/var/lib/php", &age_s), "/var/lib/php");
    assert_int_equal(age_s, 43200);
    assert_string_equal(policy_expendable(self, "/var/lib/php/old/x", &age_s), "/var/lib/php/old");
    assert_int_equal(age_s, 60);
    assert_null(policy_expendable(self, "/var/lib", &age_s));
}

static void
services_are_those_with_a_line(void **state)
{
    (void)state;
    CLEANUP(policy_destroy) policy_t *self = whole();
    assert_int_equal(answer(self, "service.restart", "service", "web"), FAULT_NONE);
    assert_int_equal(answer(self, "service.restart", "service", "sshd"), FAULT_POLICY);
    const service_t *web = policy_service(self, "web");
    assert_string_equal(web->start[0], "/usr/sbin/web");
    assert_string_equal(web->start[2], "/etc/my web.conf");
    assert_null(web->start[3]);
    assert_null(web->stop);
    assert_string_equal(web->pidfile, "/run/web.pid");
}

static void
names_that_a_rotation_made(void **state)
{
    static const char *const yes[] = {
        "a.1",   "a.log.999", "a.gz",       "a.xz",           "a.zst",
        "a.bz2", "a.old",     "a-20261122", "a-20261122.log", "a-20261122-1.txt"};
    static const char *const no[] = {
        "a",    "a.log",     ".gz",         ".1",         "a.0",        "a.01",      "a.1000",
        "a.1x", "a-2026112", "a-202611223", "a-20261322", "a-20261100", "-20261122", "a.conf"};
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(yes); i++)
        if (!name_is_rotated(yes[i]))
            fail_msg("%s", yes[i]);
    for (size_t i = 0; i < ARRAY_SIZE(no); i++)
        if (name_is_rotated(no[i]))
            fail_msg("%s", no[i]);
}

static void
the_highest_class_may_hang_on_the_hour(void **state)
{
    fault_t fault = {0};
    wall_t night, day;
    (void)state;
    CLEANUP(policy_destroy)
    policy_t *self = load("class highest change\nclass highest destructive mon-fri 02:00-04:00\n"
                          "allow file.remove\nspool /srv\n",
                          &fault);
    assert_non_null(self);
    assert_true(wall_read_time("2026-11-23T03:00:00Z", &night));
    assert_true(wall_read_time("2026-11-23T12:00:00Z", &day));
    assert_int_equal(policy_highest(self, night), CLASS_DESTRUCTIVE);
    assert_int_equal(policy_highest(self, day), CLASS_CHANGE);
    allowance_t told = {0};
    policy_tell(self, &told);
    assert_int_equal(told.highest, CLASS_DESTRUCTIVE);
}

static bool
may_change(const policy_t *self, const char *time)
{
    wall_t now;
    fault_t fault = {0};
    assert_true(wall_read_time(time, &now));
    int failed = policy_check_hours(self, false, now, &fault);
    assert_int_equal(fault.code, failed ? FAULT_POLICY : FAULT_NONE);
    return !failed;
}

/* 2026-11-22 is a Sunday. */
static void
changes_begin_within_windows_and_outside_blackouts__eff_blackout_window(void **state)
{
    fault_t fault = {0};
    (void)state;
    CLEANUP(policy_destroy) policy_t *always = whole();
    CLEANUP(policy_destroy)
    policy_t *nights = load("window mon-fri 22:00-06:00\nwindow sun 00:00-24:00\n"
                            "blackout sun 12:00-13:00\n",
                            &fault);
    CLEANUP(policy_destroy) policy_t *busy = load("blackout mon-fri 08:00-18:00\n", &fault);
    assert_true(may_change(always, "2026-11-22T12:30:00Z"));
    assert_true(may_change(nights, "2026-11-22T11:59:59Z"));
    assert_false(may_change(nights, "2026-11-22T12:00:00Z"));
    assert_true(may_change(nights, "2026-11-22T13:00:00Z"));
    assert_false(may_change(nights, "2026-11-23T21:59:59Z"));
    assert_true(may_change(nights, "2026-11-23T22:00:00Z"));
    assert_true(may_change(nights, "2026-11-24T05:59:59Z"));
    assert_true(may_change(busy, "2026-11-23T07:59:59Z"));
    assert_false(may_change(busy, "2026-11-23T08:00:00Z"));
}

static fault_code_t
reboots(const policy_t *self, const char *time)
{
    wall_t now;
    fault_t fault = {0};
    CLEANUP(value_destroy) value_t *arguments = value_map();
    assert_true(wall_read_time(time, &now));
    return policy_allows(self, op_find("host.reboot"), arguments, now, &fault) ? fault.code
                                                                               : FAULT_NONE;
}

static void
an_op_with_windows_of_its_own_waits_for_one_and_holds_no_other_back(void **state)
{
    static allowance_t told;
    fault_t fault = {0};
    (void)state;
    CLEANUP(policy_destroy)
    policy_t *self = load("class highest destructive\nallow host.reboot\n"
                          "window host.reboot sun 02:00-04:00\n",
                          &fault);
    assert_non_null(self);
    assert_int_equal(reboots(self, "2026-11-22T01:59:59Z"), FAULT_POLICY);
    assert_int_equal(reboots(self, "2026-11-22T02:00:00Z"), FAULT_NONE);
    assert_int_equal(reboots(self, "2026-11-22T04:00:00Z"), FAULT_POLICY);
    assert_true(may_change(self, "2026-11-22T12:00:00Z"));
    policy_tell(self, &told);
    assert_int_equal(told.windows.count, 0);
    assert_int_equal(told.owns.count, 1);
    assert_string_equal(told.owns.at[0].op, "host.reboot");
    assert_string_equal(told.owns.at[0].hours, "sun 02:00-04:00");
}

static void
a_window_of_its_own_opens_none_of_the_machines(void **state)
{
    fault_t fault = {0};
    (void)state;
    CLEANUP(policy_destroy)
    policy_t *self =
        load("class highest destructive\nallow host.reboot\nwindow mon-fri 22:00-06:00\n"
             "window host.reboot sun,wed 02:00-04:00\n",
             &fault);
    assert_non_null(self);
    assert_int_equal(reboots(self, "2026-11-22T02:00:00Z"), FAULT_NONE);
    assert_false(may_change(self, "2026-11-22T02:00:00Z"));
    assert_int_equal(reboots(self, "2026-11-25T02:00:00Z"), FAULT_NONE);
    assert_true(may_change(self, "2026-11-25T02:00:00Z"));
}

static void
a_device_is_one_that_the_policy_says_how_to_reach(void **state)
{
    fault_t fault = {0};
    (void)state;
    CLEANUP(policy_destroy)
    policy_t *self = load("allow device.backup device=edge*\nsecret word file /w\nbackups /b\n"
                          "class highest change\n" EDGE,
                          &fault);
    assert_non_null(self);
    const network_device_t *edge = policy_device(self, "edge");
    assert_string_equal(edge->dialect, "frr");
    assert_int_equal(edge->port, 22);
    assert_string_equal(policy_backups(self), "/b");
    assert_int_equal(answer(self, "device.backup", "device", "edge"), FAULT_NONE);
    assert_int_equal(answer(self, "device.backup", "device", "edge2"), FAULT_POLICY);
    assert_int_equal(answer(self, "device.backup", "device", "core"), FAULT_POLICY);
}

#define SHOP "database shop /run/postgresql 5432 postgres role tocsin user tocsin-db\n"

static void
a_database_is_one_that_the_policy_says_how_to_ask(void **state)
{
    static const char *const wrong[] = {
        SHOP SHOP,
        "database Shop /run/postgresql 5432 postgres role tocsin user tocsin-db\n",
        "database shop run/postgresql 5432 postgres role tocsin user tocsin-db\n",
        "database shop /run/postgresql 0 postgres role tocsin user tocsin-db\n",
        "database shop /run/postgresql 5432 postgres as tocsin user tocsin-db\n",
        "database shop /run/postgresql 5432 postgres role tocsin user root\n",
        "database shop /run/postgresql 5432 postgres role tocsin\n",
        "allow postgres.end_session database=other\nclass highest change\n" SHOP,
        "allow postgres.end_session\nclass highest change\n" SHOP,
        "allow postgres.drop_slot database=shop\nclass highest change\n" SHOP};
    fault_t fault = {0};
    (void)state;
    CLEANUP(policy_destroy)
    policy_t *self = load("allow postgres.sessions\n" SHOP, &fault);
    assert_non_null(self);
    const database_t *shop = policy_database(self, "shop");
    assert_string_equal(shop->folder, "/run/postgresql");
    assert_string_equal(shop->role, "tocsin");
    assert_string_equal(shop->user, "tocsin-db");
    assert_int_equal(shop->port, 5432);
    assert_int_equal(answer(self, "postgres.sessions", "database", "shop"), FAULT_NONE);
    assert_int_equal(answer(self, "postgres.sessions", "database", "other"), FAULT_POLICY);
    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
        fault = (fault_t){0};
        CLEANUP(policy_destroy) policy_t *none = load(wrong[i], &fault);
        if (none || fault.code != FAULT_CONFIG)
            fail_msg("%s: %s", wrong[i], fault.text);
    }
}

/* Each line has a number of its own between two texts, in its name or behind a '#'. */
static void
no_more_lines_of_a_kind_than_there_is_room_for(void **state)
{
    static const struct {
        const char *before, *behind;
        int most;
    } kinds[] = {
        {"allow disk.usage path=/", "", POLICY_PERMITS_MAX},
        {"class disk.usage change # ", "", POLICY_WORSE_MAX},
        {"class highest change mon 10:00-11:00 # ", "", POLICY_CLASSES_MAX},
        {"exec e", " class change timeout 5 /bin/true", POLICY_COMMANDS_MAX},
        {"read /", "", POLICY_FOLDERS_MAX},
        {"window mon 10:00-11:00 # ", "", POLICY_HOURS_MAX},
        {"management 192.0.2.", "", POLICY_NETS_MAX},
        {"secret s", " file /etc/secret", POLICY_SECRETS_MAX},
        {"device d", " frr ops 192.0.2.2 22 password s1 host-key ssh-ed25519 " HOST_KEY,
         POLICY_DEVICES_MAX},
        {"database d", " /run/postgresql 5432 postgres role r user u", POLICY_DATABASES_MAX},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        char words[64];
        fault_t fault = {0};
        CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
        bytes_add_text(text, i + 2 < ARRAY_SIZE(kinds) ? "" : "secret s1 file /etc/secret\n");
        for (int line = 0; line < kinds[i].most; line++)
            bytes_addf(text, "%s%d%s\n", kinds[i].before, line, kinds[i].behind);
        CLEANUP(policy_destroy) policy_t *full = load(bytes_text(text), &fault);
        if (!full)
            fail_msg("%s", fault.text);
        bytes_addf(text, "%s%d%s\n", kinds[i].before, kinds[i].most, kinds[i].behind);
        CLEANUP(policy_destroy) policy_t *over = load(bytes_text(text), &fault);
        snprintf(words, sizeof words, "more than %d of these", kinds[i].most);
        if (over || fault.code != FAULT_CONFIG || !strstr(fault.text, words))
            fail_msg("%s: %s", kinds[i].before, fault.text);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static void
what_is_taken_away_lies_where_the_policy_says(void **state)
{
    fault_t fault = {0};
    (void)state;
    CLEANUP(policy_destroy)
    policy_t *self = load("allow file.quarantine path=/var/www\nallow user.lock user=guest-*\n"
                          "class highest change\nquarantine /var/q\n",
                          &fault);
    assert_non_null(self);
    assert_string_equal(policy_quarantine(self), "/var/q");
    assert_null(policy_evidence(self));
    assert_int_equal(answer(self, "file.quarantine", "path", "/var/www/x/shell.php"), FAULT_NONE);
    assert_int_equal(answer(self, "file.quarantine", "path", "/var/wwwx"), FAULT_POLICY);
    assert_int_equal(answer(self, "file.quarantine", "path", "/etc/passwd"), FAULT_POLICY);
    assert_int_equal(answer(self, "user.lock", "user", "guest-7"), FAULT_NONE);
    assert_int_equal(answer(self, "user.lock", "user", "root"), FAULT_POLICY);
}

/* From this line on to the next that is empty. */
static char *
example_of(const char *page, const char *line)
{
    fault_t fault = {0};
    CLEANUP(bytes_destroy) bytes_t *text = file_read(page, 1024 * 1024, &fault);
    char *begins = text ? strstr((char *)text->data, line) : NULL;
    char *ends = begins ? strstr(begins, "\n\n") : NULL;
    if (!ends) {
        fail_msg("%s: no '%s': %s", page, line, fault.text);
        return NULL;
    }
    ends[1] = '\0';
    return memory_text(begins);
}

static void
the_manuals_own_example_loads(void **state)
{
    fault_t fault = {0};
    (void)state;
    CLEANUP(memory_free) char *text = example_of("docs/OPERATING.md", "    class highest change ");
    CLEANUP(policy_destroy) policy_t *self = load(text, &fault);
    if (!self)
        fail_msg("%s", fault.text);
    assert_null(policy_service(self, "web")->start[3]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(wrong_lines_are_named_with_file_and_line),
        TEST(what_is_taken_away_lies_where_the_policy_says),
        TEST(an_empty_policy_allows_nothing__eff_op_not_in_policy),
        TEST(an_allow_line_may_say_what_arguments_are),
        TEST(what_an_allow_line_names_must_be_given_unless_it_says_where_given),
        TEST(what_does_not_fit_an_allow_line_is_named),
        TEST(it_is_told_without_its_paths),
        TEST(what_is_worse_there_is_told_and_what_site_run_may_execute),
        TEST(who_looks_is_told_each_fault),
        TEST(a_class_above_the_highest_is_refused),
        TEST(paths_lie_below_what_the_policy_names),
        TEST(what_is_expendable_is_named_with_its_age),
        TEST(services_are_those_with_a_line),
        TEST(names_that_a_rotation_made),
        TEST(changes_begin_within_windows_and_outside_blackouts__eff_blackout_window),
        TEST(an_op_with_windows_of_its_own_waits_for_one_and_holds_no_other_back),
        TEST(a_window_of_its_own_opens_none_of_the_machines),
        TEST(the_highest_class_may_hang_on_the_hour),
        TEST(the_manuals_own_example_loads),
        TEST(a_device_is_one_that_the_policy_says_how_to_reach),
        TEST(a_database_is_one_that_the_policy_says_how_to_ask),
        TEST(no_more_lines_of_a_kind_than_there_is_room_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
