/* SPDX-License-Identifier: Apache-2.0 */
/* debian_fixture - packages that a test builds itself, in an archive of its own, and installs with
 * dpkg below its folder. After op_bench.h. */
#ifndef TOCSIN_DEBIAN_FIXTURE_H
#define TOCSIN_DEBIAN_FIXTURE_H

#include "op_bench.h"

/* In the test's folder; its failure is the test's. */
USED PRINTF(1, 2) static void shell(const char *format, ...)
{
    char words[1024], command[1280];
    va_list more;
    va_start(more, format);
    vsnprintf(words, sizeof words, format, more);
    va_end(more);
    snprintf(command, sizeof command, "cd %s && { %s; } >log 2>&1", bench_folder, words);
    if (system(command)) {
        CLEANUP(bytes_destroy) bytes_t *log = file_read(here("log"), 65536, NULL);
        fail_msg("%s: %s", words, log ? bytes_text(log) : "");
    }
}

/* What an empty machine has of dpkg's and apt's, and an archive that apt trusts, by file: or copy:.
 */
USED static void
debian_begin(const char *way)
{
    char line[128];
    snprintf(line, sizeof line, "deb [trusted=yes] %s:%s/archive ./\n", way, bench_folder);
    put_file("etc/apt/sources.list", line, 0644);
    put_file("var/lib/dpkg/status", "", 0644);
    put_file("var/lib/dpkg/available", "", 0644);
    shell("mkdir -p archive etc/apt/preferences.d var/lib/dpkg/info var/lib/dpkg/updates "
          "var/lib/apt/lists/partial var/cache/apt/archives/partial var/log/apt");
}

/* apt-get, on that machine. */
USED static void
apt_get(const char *words)
{
    shell("apt-get -o Dir=$PWD -o Dir::State::status=$PWD/var/lib/dpkg/status "
          "-o APT::Sandbox::User=root %s",
          words);
}

/* Builds what lies in made/, and has the archive list it; more: lines of its control file. */
USED static void
build_made(const char *name, const char *version, const char *more)
{
    char text[512];
    snprintf(text, sizeof text,
             "Package: %s\nVersion: %s\nArchitecture: all\n"
             "Maintainer: T <t@example.org>\nDescription: t\n%s",
             name, version, more);
    put_file("made/DEBIAN/control", text, 0644);
    shell("dpkg-deb -b made archive/%s_%s.deb", name, version);
    shell(
        "{ cat made/DEBIAN/control; echo Filename: ./%s_%s.deb; "
        "echo Size: $(stat -c %%s archive/%s_%s.deb); "
        "echo SHA256: $(sha256sum <archive/%s_%s.deb | cut -d' ' -f1); echo; } >>archive/Packages",
        name, version, name, version, name, version);
}

USED static void
lay_down(const char *name, const char *version)
{
    shell("dpkg --force-unsafe-io --root=$PWD -i archive/%s_%s.deb", name, version);
}

#endif
